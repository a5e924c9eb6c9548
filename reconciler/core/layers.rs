//! Dependency layers: services of one layer do not need each other, so they can be started, or stopped, together.

use alloc::vec::Vec;

use reconcile_schema::Service;

/// The services in the layers in which they can be started: each needs only services of earlier layers. Stopping goes
/// through the layers from the last to the first.
///
/// Every service is in one layer. Dependencies that are not among the services do not affect the order. Windows does
/// not allow services to need each other in a circle; such a circle, and the services that need it, would be the last
/// layer.
#[must_use]
pub fn layers<'a>(services: impl IntoIterator<Item = &'a Service>) -> Vec<Vec<&'a Service>> {
    let mut rest: Vec<&Service> = services.into_iter().collect();
    let mut layers = Vec::new();
    while !rest.is_empty() {
        let (free, bound): (Vec<_>, Vec<_>) =
            rest.iter().partition(|service| !rest.iter().any(|other| service.needs(other)));
        if free.is_empty() {
            layers.push(bound);
            break;
        }
        layers.push(free);
        rest = bound;
    }
    layers
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use alloc::{borrow::ToOwned, string::String};

    use reconcile_schema::{Recognised, ServiceState, StartType};

    use super::*;

    fn services(all: &[(&str, &[&str])]) -> Vec<Service> {
        let service = |&(name, needs): &(&str, &[&str])| Service {
            name: name.to_owned(),
            state: ServiceState::Stopped,
            start: StartType::Automatic,
            needs: needs.iter().map(|&name| name.to_owned()).collect(),
            recognised: Recognised::Name,
        };
        all.iter().map(service).collect()
    }

    /// The layers, each as one text with its names.
    fn layered(all: &[(&str, &[&str])]) -> Vec<String> {
        let services = services(all);
        let names = |layer: Vec<&Service>| layer.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(" ");
        layers(&services).into_iter().map(names).collect()
    }

    #[test]
    fn services_that_need_nothing_are_one_layer_in_their_order() {
        assert_eq!(layered(&[("RTCRGS", &[]), ("RTCCAA", &[]), ("RTCCPS", &[])]), ["RTCRGS RTCCAA RTCCPS"]);
        assert_eq!(layered(&[]), [""; 0]);
    }

    #[test]
    fn a_service_comes_after_all_that_it_needs() {
        let found = layered(&[
            ("RTCCAA", &["RTCSRV", "REPLICA"]),
            ("RTCSRV", &["FabricHostSvc"]),
            ("REPLICA", &[]),
            ("FabricHostSvc", &[]),
            ("RTCRGS", &["RTCSRV"]),
        ]);
        assert_eq!(found, ["REPLICA FabricHostSvc", "RTCSRV", "RTCCAA RTCRGS"]);
    }

    #[test]
    fn the_service_manager_does_not_tell_upper_case_from_lower_case() {
        assert_eq!(layered(&[("RTCCAA", &["rtcsrv"]), ("RTCSRV", &[])]), ["RTCSRV", "RTCCAA"]);
    }

    #[test]
    fn what_is_not_among_the_services_says_nothing_of_the_order() {
        assert_eq!(layered(&[("RTCSRV", &["RPCSS", "HTTP"]), ("REPLICA", &["MSSQL$RTC"])]), ["RTCSRV REPLICA"]);
    }

    #[test]
    fn a_circle_and_what_needs_it_is_the_last_layer() {
        let found = layered(&[("D", &["C"]), ("A", &[]), ("B", &["C", "A"]), ("C", &["B"]), ("E", &["A"])]);
        assert_eq!(found, ["A", "E", "D B C"]);
        assert_eq!(layered(&[("A", &["A"])]), ["A"]);
    }

    #[test]
    fn whatever_needs_what_no_service_is_lost_and_none_comes_too_early() {
        // Every way in which four services can need each other, including themselves.
        let names = ["A", "B", "C", "D"];
        for ways in 0..1_u32 << 16 {
            let needs = |one: usize| (0..4).filter(move |other| ways >> (4 * one + other) & 1 == 1);
            let needs = [0, 1, 2, 3].map(|one| needs(one).map(|other| names[other]).collect::<Vec<_>>());
            let all: Vec<_> = names.iter().zip(&needs).map(|(&name, needs)| (name, needs.as_slice())).collect();
            let services = services(&all);
            let layers = layers(&services);
            assert_eq!(layers.iter().map(Vec::len).sum::<usize>(), 4, "{all:?}");
            assert!(layers.iter().all(|layer| !layer.is_empty()), "{all:?}");
            let circle = |layer: usize| {
                let bound = |one: &&Service| layers[layer].iter().any(|other| one.needs(other));
                layer + 1 == layers.len() && layers[layer].iter().all(bound)
            };
            for (number, layer) in layers.iter().enumerate() {
                for service in layer {
                    let later = || layers[number..].iter().flatten();
                    assert!(circle(number) || !later().any(|other| service.needs(other)), "{all:?}: {layers:?}");
                }
            }
        }
    }
}
