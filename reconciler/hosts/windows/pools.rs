//! The requests to the cmdlets for pools, and their answers.

use reconcile_schema::{PoolSeen, Product, Readiness, UpgradeDomain};
use serde::{Deserialize, Serialize};

/// The question to a pool.
#[derive(Serialize)]
pub struct Question<'a> {
    module: &'a str,
    pool: &'a str,
    asks: &'static str,
}

impl<'a> Question<'a> {
    /// The question about the pool of a server with this product.
    pub const fn of(module: &'a str, product: Product, pool: &'a str) -> Self {
        let asks = if product.has_domain_info() { "domains" } else { "readiness" };
        Self { module, pool, asks }
    }
}

/// The direction in which a server is moved.
#[derive(Serialize)]
pub struct Move<'a> {
    /// The product's module.
    pub module: &'a str,
    /// The server.
    pub computer: &'a str,
    pub direction: Direction,
}

/// Out of a pool or back into it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Failover: the pool takes over.
    Out,
    /// Failback: the server goes back to its pool.
    Back,
}

/// The answer of a pool.
#[derive(Deserialize)]
pub struct Answer {
    #[serde(with = "State")]
    readiness: Readiness,
    domains: Vec<Domain>,
    servers: String,
    active: String,
    fabric: Vec<Line>,
}

/// The values of `PoolUpgradeState` (Microsoft Learn, Lync Server 2013: Upgrade or update Front End Servers).
#[derive(Deserialize)]
#[serde(remote = "Readiness")]
enum State {
    Ready,
    Busy,
    InsufficientActiveFrontEnds,
}

/// An upgrade domain: its flag as text, and all its texts.
#[derive(Deserialize)]
struct Domain {
    ready: String,
    names: Vec<String>,
}

/// A line about the fabric.
#[derive(Deserialize)]
struct Line {
    stream: Stream,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stream {
    Output,
    Warning,
    Error,
    Verbose,
    Information,
}

impl From<Answer> for PoolSeen {
    fn from(answer: Answer) -> Self {
        let Answer { readiness, domains, servers, active, fabric } = answer;
        // Any value other than a plain True counts as false: in another language, or absent.
        let domain = |Domain { ready, mut names }: Domain| {
            names.sort_unstable();
            names.dedup();
            UpgradeDomain { ready: ready.eq_ignore_ascii_case("true"), names }
        };
        let is_missing = |line: &&Line| line.text.to_lowercase().contains("missing");
        let said = |which: &dyn Fn(&&Line) -> bool| -> Vec<String> {
            fabric.iter().filter(which).map(|line| line.text.clone()).collect()
        };
        Self {
            readiness,
            domains: domains.into_iter().map(domain).collect(),
            servers: servers.parse().ok(),
            active: active.parse().ok(),
            missing: said(&|line| is_missing(line)),
            warnings: said(&|line| matches!(line.stream, Stream::Warning | Stream::Error) && !is_missing(line)),
            // Of the verbose lines, only those that report a missing replica are understood.
            fabric: Some(said(&|line| line.stream == Stream::Output && !is_missing(line))),
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_a_strange_state_or_without_a_part_is_none() {
        let json = r#"{"readiness":"Busy","domains":[{"ready":"True","names":["b","a","b"]},{"ready":"Wahr","names":[]}],"servers":"3",
            "active":"","fabric":[{"stream":"output","text":"fe1 OK UP"},{"stream":"verbose","text":"is Missing"},
            {"stream":"verbose","text":"is there"},{"stream":"warning","text":"w"},{"stream":"error","text":"e"}]}"#;
        let parsed = |json: &str| serde_json::from_str::<Answer>(json).map(PoolSeen::from);
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let expected = PoolSeen {
            readiness: Readiness::Busy,
            domains: vec![
                UpgradeDomain { ready: true, names: texts(&["a", "b"]) },
                UpgradeDomain { ready: false, names: Vec::new() },
            ],
            servers: Some(3),
            active: None,
            missing: texts(&["is Missing"]),
            warnings: texts(&["w", "e"]),
            fabric: Some(texts(&["fe1 OK UP"])),
        };
        assert_eq!(parsed(json).expect("an answer"), expected);
        for wrong in ["Beschäftigt", "", "Ready Ready"] {
            assert!(parsed(&json.replace("Busy", wrong)).is_err(), "{wrong}");
        }
        for part in ["domains", "fabric", "servers", "active", "readiness"] {
            assert!(parsed(&json.replace(part, "something")).is_err(), "{part}");
        }
    }

    #[test]
    fn each_product_is_asked_by_its_own_cmdlet() {
        let asked = |product| Question::of("m", product, "pool.contoso.example").asks;
        assert_eq!(asked(Product::Lync2013), "readiness");
        assert_eq!(asked(Product::Sfb2015), "readiness");
        assert_eq!(asked(Product::Sfb2019), "domains");
    }
}
