//! The rollout: the servers of a fleet that begin next, and a whole rollout unfolded over the foreseen outages.

use alloc::{collections::BinaryHeap, vec, vec::Vec};
use core::cmp::Reverse;

use jiff::Timestamp;
use reconcile_schema::{Maintenance, OnFailure, Period};

use crate::{
    calendar::{Opening, next_opening, open_at},
    fleet::chains::{Fleet, Order},
};

/// A rollout in progress: it receives what ended and returns what begins. The caller keeps the time. A plan uses the
/// foreseen lengths, a simulation uses lengths that it draws.
#[derive(Debug)]
pub struct Waves<'f, 'm> {
    fleet: &'f Fleet<'m>,
    clocks: Vec<Clock<'m>>,
    lines: Vec<Line>,
    /// Groups that can continue at that time and not before.
    later: BinaryHeap<Reverse<(Timestamp, usize)>>,
    free: usize,
    ring: Ring,
    /// When it was last asked which servers begin.
    at: Timestamp,
    halted: bool,
}

/// The progress of a group.
#[derive(Debug, Clone)]
struct Line {
    state: State,
    /// The domain that is being worked on, and how many of its servers have begun.
    domain: usize,
    begun: usize,
    running: usize,
    ready: Timestamp,
    /// Whether it waits for a time, a window or a free place.
    queued: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its turn has not come, or none of its servers has begun.
    Waiting,
    /// Its turn has come, but its partner is being worked on.
    Held,
    /// Some of its servers have begun.
    Begun,
    Done,
    /// It cannot continue because of this server.
    Stopped(usize),
}

/// The progress of the current ring.
#[derive(Debug, Default)]
struct Ring {
    number: usize,
    /// When it may begin; nothing once it has.
    opens: Option<Timestamp>,
    /// For each site its stage, and the number of groups left in it.
    sites: Vec<(usize, usize)>,
    sites_left: usize,
    central_left: usize,
}

/// When the servers of one calendar may begin, and the groups whose next server only waits for that.
#[derive(Debug)]
struct Clock<'m> {
    maintenance: Option<&'m Maintenance>,
    /// The shortest time that one of its servers needs.
    least: Period,
    /// The current opening, or the next one.
    opening: Option<Opening>,
    /// When that was calculated; openings are known for at least one day ahead.
    known: Timestamp,
    /// The first opening after that one that is long enough for this period.
    next: Option<(Period, Opening)>,
    waiting: BinaryHeap<(u64, Reverse<usize>)>,
}

/// The turn of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The number of the server.
    pub server: usize,
    /// When it begins.
    pub from: Timestamp,
    /// When it is expected to be over.
    pub until: Timestamp,
    /// The maintenance window that it begins in, if it has windows.
    pub opening: Option<Opening>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// None of its maintenance windows within two years is long enough.
    NoWindow,
    /// It comes after this server, which cannot be worked on.
    Behind(usize),
}

/// A rollout, as far as it can be foreseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The turns, in the order in which they begin.
    pub turns: Vec<Turn>,
    /// The servers that have none, and why.
    pub left: Vec<(usize, Left)>,
}

/// The rollout that begins at `at`, if every server takes as long as foreseen.
#[must_use]
pub fn schedule(fleet: &Fleet<'_>, at: Timestamp) -> Schedule {
    let mut waves = Waves::new(fleet, at);
    let mut turns = Vec::new();
    let mut ends: BinaryHeap<Reverse<(Timestamp, usize)>> = BinaryHeap::new();
    let mut now = at;
    loop {
        for server in waves.begin(now) {
            let takes = fleet.members().get(server).and_then(|member| member.turn).map(|turn| turn.median);
            let until = takes.unwrap_or_default().after(now);
            ends.push(Reverse((until, server)));
            turns.push(Turn { server, from: now, until, opening: waves.opening(server) });
        }
        let end = ends.peek().map(|Reverse((until, _))| *until);
        now = match (end, waves.wakes()) {
            (Some(end), Some(wakes)) => end.min(wakes),
            (Some(moment), None) | (None, Some(moment)) => moment,
            (None, None) => break,
        };
        while let Some(Reverse((_, server))) = ends.peek().copied().filter(|Reverse((until, _))| *until <= now) {
            ends.pop();
            waves.end(server, now, true);
        }
    }
    Schedule { turns, left: waves.left() }
}

impl<'f, 'm> Waves<'f, 'm> {
    /// The rollout of a fleet that begins at `at`.
    #[must_use]
    pub fn new(fleet: &'f Fleet<'m>, at: Timestamp) -> Self {
        let clock = |maintenance: &Option<&'m Maintenance>| Clock {
            maintenance: *maintenance,
            least: Period::seconds(u32::MAX),
            opening: None,
            known: Timestamp::MIN,
            next: None,
            waiting: BinaryHeap::new(),
        };
        let mut clocks: Vec<_> = fleet.calendars.iter().map(clock).collect();
        for (member, calendar) in fleet.members().iter().zip(&fleet.calendar) {
            if let (Some(clock), Some(turn)) = (clocks.get_mut(*calendar), member.turn) {
                clock.least = clock.least.min(turn.p95);
            }
        }
        let line = Line { state: State::Waiting, domain: 0, begun: 0, running: 0, ready: at, queued: false };
        let lines = vec![line; fleet.groups.len()];
        let ring = Ring { opens: Some(at), ..Ring::default() };
        Self { fleet, clocks, lines, later: BinaryHeap::new(), free: fleet.at_once, ring, at, halted: false }
    }

    /// The servers that begin at `at`, by their numbers. Servers that end at the same moment must be reported first.
    pub fn begin(&mut self, at: Timestamp) -> Vec<usize> {
        let mut begun = Vec::new();
        self.at = at;
        while self.ring.opens.is_some_and(|opens| opens <= at) {
            self.enter_ring(at);
        }
        while let Some(Reverse((_, group))) = self.later.peek().copied().filter(|Reverse((when, _))| *when <= at) {
            self.later.pop();
            self.mark(group, false);
            self.queue(group, at);
        }
        while self.free > 0 && !self.halted {
            let Some(group) = self.first(at) else { break };
            self.mark(group, false);
            begun.extend(self.begin_one(group, at));
        }
        begun
    }

    /// Records that a server has ended: it is at its goal, or it failed.
    pub fn end(&mut self, server: usize, at: Timestamp, reached: bool) {
        let Some(number) = self.fleet.group_of.get(server).copied().flatten() else { return };
        let (Some(group), Some(line)) = (self.fleet.groups.get(number), self.lines.get_mut(number)) else { return };
        self.free += 1;
        line.running = line.running.saturating_sub(1);
        if !reached {
            line.state = State::Stopped(server);
            self.halted |= self.fleet.on_failure == OnFailure::Stop;
            return;
        }
        if line.state != State::Begun {
            return; // Another server of the group has failed meanwhile.
        }
        let size = group.domains.get(line.domain).map_or(0, |domain| domain.servers.len());
        if line.begun < size {
            self.queue(number, at);
        } else if line.running == 0 {
            (line.domain, line.begun) = (line.domain + 1, 0);
            if line.domain == group.domains.len() {
                self.finish(number, at);
            } else {
                line.ready = group.domains.get(line.domain).map_or(at, |domain| domain.ready.after(at));
                self.queue(number, at);
            }
        }
    }

    /// The next time at which a server can begin even if none ends before, if there is one.
    #[must_use]
    pub fn wakes(&self) -> Option<Timestamp> {
        if self.halted {
            return None;
        }
        let ready = self.later.peek().map(|Reverse((when, _))| *when);
        let waiting = self.clocks.iter().filter(|clock| !clock.waiting.is_empty());
        let opens = waiting.filter_map(|clock| Some(clock.opening?.from).filter(|from| *from > self.at)).min();
        [ready, opens, self.ring.opens].into_iter().flatten().min()
    }

    /// The maintenance window in which a server begins, if it has windows.
    #[must_use]
    pub fn opening(&self, server: usize) -> Option<Opening> {
        let clock = self.clocks.get(*self.fleet.calendar.get(server)?)?;
        clock.maintenance.and(clock.opening)
    }

    /// The servers that have not begun and will not, and why.
    #[must_use]
    pub fn left(&self) -> Vec<(usize, Left)> {
        let stopped = |group: usize| match self.lines.get(group)?.state {
            State::Stopped(server) => Some(server),
            State::Waiting | State::Held | State::Begun | State::Done => None,
        };
        let first = (0..self.lines.len()).find_map(stopped);
        let mut left = Vec::new();
        for (number, (group, line)) in self.fleet.groups.iter().zip(&self.lines).enumerate() {
            let cause = stopped(number).or_else(|| group.partner.and_then(stopped)).or(first);
            for (nth, domain) in group.domains.iter().enumerate().skip(line.domain) {
                let begun = if nth == line.domain { line.begun } else { 0 };
                for server in domain.servers.iter().skip(begun) {
                    let why = cause.filter(|cause| cause != server).map_or(Left::NoWindow, Left::Behind);
                    left.push((*server, why));
                }
            }
        }
        left
    }

    fn enter_ring(&mut self, at: Timestamp) {
        self.ring.opens = None;
        let Some(ring) = self.fleet.rings.get(self.ring.number) else { return };
        self.ring.sites = ring.sites.iter().map(|stages| (0, stages.first().map_or(0, Vec::len))).collect();
        (self.ring.sites_left, self.ring.central_left) = (ring.sites.len(), ring.central.len());
        for group in ring.sites.iter().filter_map(|stages| stages.first()).flatten() {
            self.queue(*group, at);
        }
        match (ring.sites.is_empty(), ring.central.is_empty()) {
            (true, true) => self.next_ring(at),
            (true, false) => ring.central.iter().for_each(|group| self.queue(*group, at)),
            (false, _) => {}
        }
    }

    fn next_ring(&mut self, opens: Timestamp) {
        self.ring.number += 1;
        let ring = self.fleet.rings.get(self.ring.number);
        self.ring.opens = ring.map(|ring| ring.opens.map_or(opens, |watched| watched.max(opens)));
    }

    /// Makes a group wait for its next server's window, and for a free place.
    fn queue(&mut self, number: usize, at: Timestamp) {
        let (Some(group), Some(line)) = (self.fleet.groups.get(number), self.lines.get(number)) else { return };
        if line.queued || !group.after.iter().all(|other| self.is_done(*other)) {
            return; // The end of the last of them queues it.
        }
        if line.ready > at {
            self.put_off(number, line.ready);
            return;
        }
        let Some(server) = group.domains.get(line.domain).and_then(|domain| domain.servers.get(line.begun)) else {
            return;
        };
        let partner = group
            .partner
            .filter(|partner| self.lines.get(*partner).is_some_and(|line| line.domain == 0 && line.begun == 0));
        // Its partner waits for it, and so does what follows either of them in its site.
        let partner = partner.and_then(|partner| self.fleet.groups.get(partner));
        let (after, behind) = partner.map_or((0, 0), |partner| (partner.left(0), partner.behind));
        let urgency = group.left(line.domain) + after + group.behind.max(behind);
        if let Some(clock) = self.fleet.calendar.get(*server).and_then(|calendar| self.clocks.get_mut(*calendar)) {
            clock.waiting.push((urgency, Reverse(number)));
            self.mark(number, true);
        }
    }

    fn is_done(&self, number: usize) -> bool {
        self.lines.get(number).is_some_and(|line| line.state == State::Done)
    }

    /// Makes a group wait for a time.
    fn put_off(&mut self, number: usize, until: Timestamp) {
        self.later.push(Reverse((until, number)));
        self.mark(number, true);
    }

    fn mark(&mut self, number: usize, queued: bool) {
        if let Some(line) = self.lines.get_mut(number) {
            line.queued = queued;
        }
    }

    /// Takes the group with the most work left, among those whose windows are open.
    fn first(&mut self, at: Timestamp) -> Option<usize> {
        let mut best = None;
        for (number, clock) in self.clocks.iter_mut().enumerate().filter(|(_, clock)| !clock.waiting.is_empty()) {
            if clock.is_open(at) {
                best = best.max(clock.waiting.peek().map(|top| (*top, number)));
            } else if clock.opening.is_none() {
                for (_, Reverse(group)) in clock.waiting.drain() {
                    stop(self.fleet, &mut self.lines, group);
                }
            }
        }
        let (_, clock) = best?;
        self.clocks.get_mut(clock)?.waiting.pop().map(|(_, Reverse(group))| group)
    }

    /// Begins the next server of a group, unless its partner is being worked on or the window is too short.
    fn begin_one(&mut self, number: usize, at: Timestamp) -> Option<usize> {
        let group = self.fleet.groups.get(number)?;
        let partner = group.partner.and_then(|partner| self.lines.get(partner)).map(|line| line.state);
        let line = self.lines.get_mut(number)?;
        match (line.state, partner) {
            (State::Done | State::Stopped(_), _) => return None,
            (State::Waiting | State::Held, Some(State::Begun | State::Stopped(_))) => {
                line.state = State::Held;
                return None;
            }
            (State::Waiting | State::Held | State::Begun, _) => {}
        }
        let domain = group.domains.get(line.domain)?;
        if line.running >= domain.width {
            return None; // The caller asks again when one of them ends.
        }
        let server = *domain.servers.get(line.begun)?;
        let needs = self.fleet.members().get(server)?.turn?.p95;
        let clock = self.fleet.calendar.get(server).and_then(|calendar| self.clocks.get_mut(*calendar))?;
        if !clock.has(at, needs) {
            match clock.next(at, needs) {
                Some(from) => self.put_off(number, from),
                None => line.state = State::Stopped(server),
            }
            return None;
        }
        (line.state, line.begun, line.running) = (State::Begun, line.begun + 1, line.running + 1);
        self.free -= 1;
        self.queue(number, at);
        Some(server)
    }

    /// Records that all servers of a group are at their goals.
    fn finish(&mut self, number: usize, at: Timestamp) {
        let (Some(group), Some(line)) = (self.fleet.groups.get(number), self.lines.get_mut(number)) else { return };
        line.state = State::Done;
        if let Some(partner) = group.partner
            && let Some(held) = self.lines.get_mut(partner).filter(|line| line.state == State::Held)
        {
            held.state = State::Waiting;
            self.queue(partner, at);
        }
        let Some(ring) = self.fleet.rings.get(self.ring.number) else { return };
        let central_begun = self.ring.sites_left == 0;
        for other in ring.central.iter().filter(|_| central_begun) {
            if self.fleet.groups.get(*other).is_some_and(|other| other.after.contains(&number)) {
                self.queue(*other, at);
            }
        }
        match group.order {
            Order::Site(site, _) => {
                let Some((stage, left)) = self.ring.sites.get_mut(site) else { return };
                *left = left.saturating_sub(1);
                if *left > 0 {
                    return;
                }
                *stage += 1;
                match ring.sites.get(site).and_then(|stages| stages.get(*stage)) {
                    Some(next) => {
                        *left = next.len();
                        next.iter().for_each(|group| self.queue(*group, at));
                        return;
                    }
                    None => self.ring.sites_left = self.ring.sites_left.saturating_sub(1),
                }
                if self.ring.sites_left > 0 {
                    return;
                }
                ring.central.iter().for_each(|group| self.queue(*group, at));
            }
            Order::Central => self.ring.central_left = self.ring.central_left.saturating_sub(1),
        }
        if self.ring.sites_left == 0 && self.ring.central_left == 0 {
            self.next_ring(self.fleet.soak.after(at));
        }
    }
}

/// Stops a group: none of the windows of its next server is ever long enough.
fn stop(fleet: &Fleet<'_>, lines: &mut [Line], number: usize) {
    let (Some(group), Some(line)) = (fleet.groups.get(number), lines.get_mut(number)) else { return };
    let next = group.domains.get(line.domain).and_then(|domain| domain.servers.get(line.begun));
    if let Some(server) = next {
        line.state = State::Stopped(*server);
    }
}

impl Clock<'_> {
    /// Whether the shortest turn may begin now. Finds the next opening if this one is over.
    fn is_open(&mut self, at: Timestamp) -> bool {
        let Some(maintenance) = self.maintenance else { return true };
        let lasts = |opening: &Opening| self.least.after(at) <= opening.until;
        let over = self.opening.is_none_or(|opening| !lasts(&opening));
        let opens = self.opening.is_some_and(|opening| opening.contains(at) && self.known < opening.from);
        if (over || opens) && self.known < at {
            let now = open_at(maintenance, at).filter(lasts);
            self.opening = now.or_else(|| next_opening(maintenance, at, self.least));
            self.known = at;
        }
        self.opening.is_some_and(|opening| opening.contains(at))
    }

    /// Whether a turn of this length may begin now.
    fn has(&self, at: Timestamp, needs: Period) -> bool {
        let fits = |opening: Opening| opening.contains(at) && needs.after(at) <= opening.until;
        let looked_up = |maintenance| open_at(maintenance, at).is_some_and(fits);
        // For a window that never closes, only the next days are known.
        let goes_on = |opening: Opening| Period::between(self.known, opening.until) >= Period::hours(24);
        match (self.maintenance, self.opening) {
            (None, _) => true,
            (Some(_), Some(opening)) if fits(opening) => true,
            (Some(maintenance), Some(opening)) => goes_on(opening) && looked_up(maintenance),
            (Some(_), None) => false,
        }
    }

    /// The next time at which a turn of this length may begin.
    fn next(&mut self, at: Timestamp, needs: Period) -> Option<Timestamp> {
        // The first opening for a shorter turn, if long enough for this one, is also the first for this one.
        let known = |(least, opening): (Period, Opening)| {
            (opening.from > at && least <= needs && needs <= opening.length()).then_some(opening)
        };
        let opening = self.next.and_then(known).or_else(|| next_opening(self.maintenance?, at, needs))?;
        self.next = Some((needs, opening));
        Some(opening.from)
    }
}
