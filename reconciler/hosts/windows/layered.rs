//! Stops or starts services one dependency layer at a time: gives the order to one layer, waits for it, then goes to
//! the next.

use reconcile_schema::Service;

use super::services::{Found, ServiceError};

/// The result of an order to many services.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Those without the wanted state.
    pub services: Vec<Found>,
    /// Those that got no order, since they need others that do not run: each in words.
    pub held: Vec<String>,
}

/// Gives the order to the services of one layer, waits for them, and returns those without the wanted state.
type Bring<'a, E> = dyn FnMut(&[&Service]) -> Result<Vec<Found>, E> + 'a;

/// Stops services, from the last layer to the first. It ends at a layer that does not stop, because that layer needs
/// the layers below.
pub fn down<E>(layers: &[Vec<&Service>], bring: &mut Bring<'_, E>) -> Result<Left, E> {
    for layer in layers.iter().rev() {
        let services = bring(layer)?;
        if !services.is_empty() {
            return Ok(Left { services, held: Vec::new() });
        }
    }
    Ok(Left::default())
}

/// Starts services, from the first layer to the last. If one does not start, only the services that need it get no
/// order.
pub fn up<E>(layers: &[Vec<&Service>], bring: &mut Bring<'_, E>) -> Result<Left, E> {
    let (mut left, mut down) = (Left::default(), Vec::<&Service>::new());
    for layer in layers {
        let lacks = |service: &Service| down.iter().find(|other: &&&Service| service.needs(other)).copied();
        let (held, free): (Vec<&Service>, Vec<&Service>) = layer.iter().partition(|service| lacks(service).is_some());
        left.held.extend(held.iter().filter_map(|service| {
            lacks(service).map(|other| format!("{} was not told to start, since it needs {}", service.name, other.name))
        }));
        let services = if free.is_empty() { Vec::new() } else { bring(&free)? };
        down.extend(free.iter().filter(|service| services.iter().any(|found| found.name == service.name)));
        down.extend(held);
        left.services.extend(services);
    }
    Ok(left)
}

/// The orders to start services, each given until the service answers: it accepts, or refuses for a reason that lasts.
#[derive(Default)]
pub struct Orders {
    answered: Vec<String>,
    refused: Vec<String>,
    /// The services whose program a process holds, in words.
    held: Vec<String>,
}

impl Orders {
    /// Gives the order to those of these services that have not answered yet. Returns the names of those that accept it
    /// now.
    pub fn give<'a>(
        &mut self,
        services: &[&'a Service],
        order: &dyn Fn(&str) -> Result<(), ServiceError>,
    ) -> Vec<&'a str> {
        let mut told = Vec::new();
        for service in services {
            if self.answered.contains(&service.name) {
                continue;
            }
            match order(&service.name) {
                Ok(()) => told.push(service.name.as_str()),
                Err(error @ ServiceError::Held { .. }) => {
                    self.held.push(error.to_string());
                    continue;
                }
                Err(error) => self.refused.push(error.to_string()),
            }
            self.answered.push(service.name.clone());
        }
        told
    }

    /// Goes through the services, and again while the program of one is held. Any user can hold one for as long as they
    /// like: until it is free, the services that do not need it run. `pause` lets a moment pass, and reports whether to
    /// go on.
    pub fn until_answered<E>(
        &mut self,
        round: &mut dyn FnMut(&mut Self) -> Result<Left, E>,
        pause: &mut dyn FnMut() -> bool,
    ) -> Result<Left, E> {
        loop {
            self.held.clear();
            let left = round(self)?;
            if self.held.is_empty() || !pause() {
                return Ok(left);
            }
        }
    }

    /// The services that did not accept the order, in words.
    pub fn refused(self) -> Vec<String> {
        [self.refused, self.held].concat()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use reconcile_core::layers;
    use reconcile_schema::{Recognised, ServiceState, StartType};

    use super::super::win32::Win32Error;
    use super::*;

    /// Names, each with the names that it needs, in two layers and a third.
    const SERVER: &[(&str, &str)] = &[
        ("REPLICA", ""),
        ("FabricHostSvc", ""),
        ("RTCSRV", "FabricHostSvc"),
        ("RTCCAA", "RTCSRV"),
        ("FTA", "REPLICA"),
    ];

    fn services() -> Vec<Service> {
        let service = |&(name, needs): &(&str, &str)| Service {
            name: name.to_owned(),
            state: ServiceState::Running,
            start: StartType::Automatic,
            needs: needs.split_whitespace().map(str::to_owned).collect(),
            recognised: Recognised::Name,
        };
        SERVER.iter().map(service).collect()
    }

    fn stays(name: &str) -> Found {
        let (state, start) = (ServiceState::StartPending, StartType::Automatic);
        let (name, needs, recognised) = (name.to_owned(), Vec::new(), Recognised::Name);
        Found { name, state, start, needs, pid: None, progress: None, recognised, exit_code: None }
    }

    type Way = fn(&[Vec<&Service>], &mut Bring<'_, Infallible>) -> Result<Left, Infallible>;

    /// The layers that got the order one after the other, if this service does not follow it; and the result.
    fn brought(way: Way, stuck: &str) -> (Vec<String>, Left) {
        let services = services();
        let mut told = Vec::new();
        let mut bring = |layer: &[&Service]| {
            told.push(layer.iter().map(|service| service.name.as_str()).collect::<Vec<_>>().join(" "));
            Ok(layer.iter().filter(|service| service.name == stuck).map(|service| stays(&service.name)).collect())
        };
        let Ok(left) = way(&layers(&services), &mut bring);
        (told, left)
    }

    #[test]
    fn services_come_up_layer_by_layer_and_down_the_other_way_round() {
        let (told, left) = brought(up, "");
        assert_eq!(told, ["REPLICA FabricHostSvc", "RTCSRV FTA", "RTCCAA"]);
        assert_eq!(left, Left::default());
        let (told, left) = brought(down, "");
        assert_eq!(told, ["RTCCAA", "RTCSRV FTA", "REPLICA FabricHostSvc"]);
        assert_eq!(left, Left::default());
    }

    #[test]
    fn what_does_not_go_down_keeps_up_what_it_needs() {
        let (told, left) = brought(down, "RTCSRV");
        assert_eq!(told, ["RTCCAA", "RTCSRV FTA"]);
        assert_eq!(left, Left { services: vec![stays("RTCSRV")], held: vec![] });
    }

    #[test]
    fn what_does_not_come_up_keeps_down_what_needs_it_and_nothing_else() {
        let (told, left) = brought(up, "FabricHostSvc");
        assert_eq!(told, ["REPLICA FabricHostSvc", "FTA"]);
        assert_eq!(left.services, [stays("FabricHostSvc")]);
        let held = [
            "RTCSRV was not told to start, since it needs FabricHostSvc",
            "RTCCAA was not told to start, since it needs RTCSRV",
        ];
        assert_eq!(left.held, held);
    }

    /// Starts the services while FabricHostSvc is held for two rounds and FTA refuses, with this many pauses. Returns
    /// the accepted orders of each round, how often FTA was told, and what did not start.
    fn started(pauses: usize) -> (Vec<String>, u32, Left, Vec<String>) {
        let services = services();
        let (mut rounds, mut left, refusals) = (Vec::new(), pauses, std::cell::Cell::new(0));
        let mut orders = Orders::default();
        let mut round = |orders: &mut Orders| {
            let (number, mut accepted) = (rounds.len(), Vec::new());
            let order = |name: &str| match name {
                "FabricHostSvc" if number < 2 => Err(ServiceError::Held {
                    name: name.into(),
                    program: r"C:\fabric.exe".into(),
                    cause: Win32Error(32),
                }),
                "FTA" => {
                    refusals.set(refusals.get() + 1);
                    Err(ServiceError::Manager(Win32Error(5)))
                }
                _ => Ok(()),
            };
            let left = up(&layers(&services), &mut |layer: &[&Service]| {
                accepted.extend(orders.give(layer, &order).into_iter().map(str::to_owned));
                let stuck = |name: &str| name == "FTA" || name == "FabricHostSvc" && number < 2;
                Ok::<_, Infallible>(layer.iter().filter(|one| stuck(&one.name)).map(|one| stays(&one.name)).collect())
            });
            rounds.push(accepted.join(" "));
            left
        };
        let mut pause = || {
            left = left.saturating_sub(1);
            left > 0
        };
        let Ok(after) = orders.until_answered(&mut round, &mut pause);
        (rounds, refusals.get(), after, orders.refused())
    }

    #[test]
    fn a_service_whose_program_is_held_is_told_again_and_keeps_down_only_what_needs_it() {
        let (rounds, refusals, left, refused) = started(10);
        assert_eq!(rounds, ["REPLICA", "", "FabricHostSvc RTCSRV RTCCAA"]);
        assert_eq!((refusals, refused.len()), (1, 1), "a refusal that lasts is an answer: {refused:?}");
        assert_eq!(left, Left { services: vec![stays("FTA")], held: vec![] });
    }

    #[test]
    fn a_program_that_is_held_until_the_limit_is_named() {
        let (rounds, _, left, refused) = started(2);
        assert_eq!(rounds, ["REPLICA", ""]);
        assert_eq!((left.services.len(), left.held.len()), (2, 2));
        assert!(
            refused.iter().any(|why| why.contains(r"a process holds its program C:\fabric.exe open")),
            "{refused:?}"
        );
    }
}
