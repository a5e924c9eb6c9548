//! The lengths of the parts of an outage: random, from a seed and three assumed models.

use std::collections::BTreeMap;

use fastrand::Rng;
use reconcile_hosts::lab::{Lengths, ServiceLengths};
use reconcile_schema::{Period, Service};

/// A triangular distribution in seconds: the least, the most frequent and the greatest value.
#[derive(Clone, Copy)]
pub struct Triangle(pub f64, pub f64, pub f64);

impl Triangle {
    /// A random value, in seconds.
    pub fn draw(self, rng: &mut Rng) -> f64 {
        let Self(low, mode, high) = self;
        let (share, chance) = ((mode - low) / (high - low), rng.f64());
        if chance < share {
            low + (chance * (high - low) * (mode - low)).sqrt()
        } else {
            high - ((1.0 - chance) * (high - low) * (high - mode)).sqrt()
        }
    }

    fn period(self, rng: &mut Rng) -> Period {
        Period::seconds(self.draw(rng).round() as u32)
    }
}

/// The lengths on the servers of one model. None of them is measured.
pub struct Model {
    pub name: &'static str,
    install: Triangle,
    database: Triangle,
    /// The Front End service, RTCSRV, which starts last and takes the longest.
    front_end: Triangle,
    stop: Triangle,
    start: Triangle,
    web: Triangle,
    shell: Triangle,
}

/// The models. The middle one is our assumption; the others show how much the figures depend on it.
pub const MODELS: [Model; 3] = [
    Model {
        name: "quick",
        install: Triangle(180.0, 360.0, 720.0),
        database: Triangle(30.0, 60.0, 240.0),
        front_end: Triangle(30.0, 90.0, 300.0),
        stop: Triangle(1.0, 4.0, 30.0),
        start: Triangle(2.0, 8.0, 60.0),
        web: Triangle(1.0, 3.0, 10.0),
        shell: Triangle(5.0, 10.0, 20.0),
    },
    Model {
        name: "assumed",
        install: Triangle(300.0, 600.0, 1200.0),
        database: Triangle(60.0, 180.0, 600.0),
        front_end: Triangle(60.0, 180.0, 900.0),
        stop: Triangle(2.0, 8.0, 60.0),
        start: Triangle(3.0, 15.0, 120.0),
        web: Triangle(2.0, 5.0, 20.0),
        shell: Triangle(10.0, 20.0, 45.0),
    },
    Model {
        name: "slow tail",
        install: Triangle(300.0, 720.0, 2700.0),
        database: Triangle(60.0, 240.0, 1800.0),
        front_end: Triangle(60.0, 240.0, 1800.0),
        stop: Triangle(2.0, 10.0, 180.0),
        start: Triangle(3.0, 20.0, 300.0),
        web: Triangle(2.0, 5.0, 60.0),
        shell: Triangle(10.0, 20.0, 90.0),
    },
];

/// A person's pause between two steps.
const THINK: Triangle = Triangle(5.0, 60.0, 240.0);
/// The number of these pauses.
const THINKS: usize = 8;

/// The random lengths of one server.
pub struct Drawn {
    /// The length of each part.
    pub lengths: Lengths,
    /// The sum of a person's pauses, in seconds.
    pub thinking: f64,
}

impl Model {
    /// Draws the lengths of one server with these services.
    pub fn draw(&self, rng: &mut Rng, services: &[Service]) -> Drawn {
        let of = |service: &Service, rng: &mut Rng| {
            let start = if service.name == "RTCSRV" { self.front_end } else { self.start };
            ServiceLengths { stop: self.stop.period(rng), start: start.period(rng) }
        };
        let product = services.iter().filter(|service| !service.is_web());
        let services: BTreeMap<_, _> = product.map(|service| (service.name.clone(), of(service, rng))).collect();
        let lengths = Lengths {
            services,
            stage: Period::seconds(40),
            web: self.web.period(rng),
            install: self.install.period(rng),
            database: self.database.period(rng),
            shell: self.shell.period(rng),
            restart: Period::minutes(6),
        };
        Drawn { lengths, thinking: (0..THINKS).map(|_| THINK.draw(rng)).sum() }
    }
}
