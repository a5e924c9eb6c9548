//! Stops or starts services one dependency layer at a time: gives the order to one layer, waits for it, then goes to
//! the next.

use reconcile_schema::Service;

use super::services::Found;

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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use reconcile_core::layers;
    use reconcile_schema::{Recognised, ServiceState, StartType};

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
}
