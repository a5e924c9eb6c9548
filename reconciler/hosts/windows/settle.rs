//! Waits until services have the state that a step should give them: the end of a command does not show that.

use std::time::Duration;

use reconcile_schema::ServiceState;

use super::services::{Found, ServiceError, heads_for};

/// Waits while services change to the wanted state, at most until `limit`, and returns those that are not `wanted`.
///
/// `look` reads the services. `heard` reports whether a service that has not changed yet may still do so, because it
/// got its order just now. `pause` lets a moment pass and returns the total time so far; none ends the wait.
pub fn settle(
    wanted: ServiceState,
    limit: Duration,
    look: &mut dyn FnMut() -> Result<Vec<Found>, ServiceError>,
    heard: &dyn Fn(&Found) -> bool,
    pause: &mut dyn FnMut() -> Option<Duration>,
) -> Result<Vec<Found>, ServiceError> {
    loop {
        let mut left = look()?;
        left.retain(|service| service.state != wanted);
        // A service that is not changing, or is changing to another state, does not get there by waiting.
        if !left.iter().any(|service| heads_for(service.state) == Some(wanted) || heard(service)) {
            return Ok(left);
        }
        match pause() {
            Some(elapsed) if elapsed < limit => {}
            Some(_) | None => return Ok(left),
        }
    }
}

/// The remaining services, in words.
pub fn left(services: &[Found]) -> String {
    let one = |service: &Found| match service.progress {
        Some(progress) => format!("{} was still {} ({progress})", service.name, service.state),
        None => format!("{} was {}", service.name, service.state),
    };
    services.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use reconcile_schema::{Recognised, StartType};

    use super::super::services::Progress;
    use super::*;

    fn service(state: ServiceState, checkpoint: Option<u32>) -> Found {
        let progress = checkpoint.map(|checkpoint| Progress { checkpoint, wait_hint: 3000 });
        let (start, recognised) = (StartType::Automatic, Recognised::Name);
        let (name, needs) = ("RTCSRV".into(), Vec::new());
        Found { name, state, start, needs, pid: Some(4), progress, recognised, exit_code: None }
    }

    /// Waits for a stop over these observations, one second each; returns the remaining services, and the number of
    /// pauses.
    fn stopped(looks: &[Found]) -> (Vec<Found>, u64) {
        let mut looks = looks.iter();
        let mut pauses = 0;
        let mut look = || Ok(vec![looks.next().expect("no more looks than needed").clone()]);
        let mut pause = || {
            pauses += 1;
            Some(Duration::from_secs(pauses))
        };
        let limit = Duration::from_secs(3);
        let left = settle(ServiceState::Stopped, limit, &mut look, &|_| false, &mut pause).expect("readable");
        (left, pauses)
    }

    #[test]
    fn a_service_that_stops_is_waited_for() {
        let stopping = |checkpoint| service(ServiceState::StopPending, Some(checkpoint));
        let looks = [stopping(1), stopping(2), service(ServiceState::Stopped, None)];
        assert_eq!(stopped(&looks), (vec![], 2));
    }

    #[test]
    fn a_service_that_hangs_is_waited_for_until_the_limit_and_named() {
        let stopping = || service(ServiceState::StopPending, Some(1));
        let (left_over, pauses) = stopped(&[stopping(), stopping(), stopping()]);
        assert_eq!(pauses, 3);
        assert_eq!(left(&left_over), "RTCSRV was still stopping (checkpoint 1, next one expected within 3000 ms)");
    }

    #[test]
    fn a_service_that_does_not_stop_is_not_waited_for() {
        let (left_over, pauses) = stopped(&[service(ServiceState::Running, None)]);
        assert_eq!((left(&left_over).as_str(), pauses), ("RTCSRV was running", 0));
    }

    #[test]
    fn a_service_that_was_only_just_told_is_waited_for() {
        let states = [ServiceState::Running, ServiceState::Running, ServiceState::StopPending, ServiceState::Stopped];
        let mut looks = states.iter();
        let mut look = || Ok(looks.next().map(|state| service(*state, None)).into_iter().collect());
        let (told, now) = (Duration::from_secs(2), std::cell::Cell::new(Duration::ZERO));
        let heard = |service: &Found| service.state == ServiceState::Running && now.get() < told;
        let mut pause = || {
            now.set(now.get() + Duration::from_secs(1));
            Some(now.get())
        };
        let left = settle(ServiceState::Stopped, Duration::MAX, &mut look, &heard, &mut pause).expect("readable");
        assert_eq!((left, now.get()), (vec![], Duration::from_secs(3)));
    }

    #[test]
    fn a_service_that_hangs_on_its_way_down_is_not_waited_for_to_run() {
        let mut look = || Ok(vec![service(ServiceState::StopPending, Some(1))]);
        let mut pause = || -> Option<Duration> { unreachable!("nothing to wait for") };
        let left = settle(ServiceState::Running, Duration::MAX, &mut look, &|_| false, &mut pause).expect("readable");
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn an_interrupt_ends_the_wait() {
        let mut look = || Ok(vec![service(ServiceState::StopPending, Some(1))]);
        let left = settle(ServiceState::Stopped, Duration::MAX, &mut look, &|_| false, &mut || None).expect("readable");
        assert_eq!(left.len(), 1);
    }
}
