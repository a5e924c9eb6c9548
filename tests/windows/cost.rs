//! Scratch: CPU of a run with nothing to do, before and after.
use crate::machine::{Machine, RECONCILE};
use crate::reconcile::MANIFEST;
use crate::server::{SFB_2019, Server};

fn spent() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let rest = stat.rsplit_once(')').unwrap().1;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    fields[13].parse::<f64>().unwrap() + fields[14].parse::<f64>().unwrap()
}

#[test]
fn cost_of_nothing_to_do() {
    let before = std::path::PathBuf::from(std::env::var("BEFORE").unwrap());
    let make = |old: bool| {
        let machine = Machine::new(Server::standard_edition(SFB_2019));
        if old {
            let at = machine.path(RECONCILE);
            std::fs::remove_file(&at).unwrap();
            std::fs::copy(&before, &at).unwrap();
        }
        machine.declare("{}");
        let first = machine.run(RECONCILE, &["apply", MANIFEST]);
        assert_eq!(first.code, 0, "{first:?}");
        machine
    };
    let (old, new) = (make(true), make(false));
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..30 {
        let mut took = [0.0, 0.0];
        for (at, machine) in [(0, &old), (1, &new)] {
            let begin = spent();
            for _ in 0..3 {
                let ran = machine.run(RECONCILE, &["apply", MANIFEST]);
                assert_eq!(ran.code, 0, "{ran:?}");
            }
            took[at] = spent() - begin;
            all[at].push(took[at]);
        }
        all[2].push(took[1] / took[0]);
    }
    for one in &mut all {
        one.sort_by(f64::total_cmp);
        println!("median {:.3} from {:.3} to {:.3}", one[15], one[0], one[29]);
    }
}
