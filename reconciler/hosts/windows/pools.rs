//! What the cmdlets for pools are told, and what they answer.

use reconcile_schema::{PoolSeen, Product, Readiness};
use serde::{Deserialize, Serialize};

/// What is asked of a pool.
#[derive(Serialize)]
pub struct Question<'a> {
    module: &'a str,
    pool: &'a str,
    asks: &'static str,
    fabric: bool,
}

impl<'a> Question<'a> {
    /// How the pool of a server with this product stands. `Get-CsUpgradeDomainInfo` replaced the older cmdlet in Skype for
    /// Business Server 2019 (Microsoft Learn: Get-CsPoolUpgradeReadinessState); Subscription Edition is assumed to have kept
    /// it. For replicas the documents ask from 2015 on.
    pub const fn of(module: &'a str, product: Product, pool: &'a str) -> Self {
        let (asks, fabric) = match product {
            Product::Lync2010 | Product::Lync2013 => ("readiness", false),
            Product::Sfb2015 => ("readiness", true),
            Product::Sfb2019 | Product::SfbSe => ("domains", true),
        };
        Self { module, pool, asks, fabric }
    }
}

/// Where a server is moved.
#[derive(Serialize)]
pub struct Move<'a> {
    /// The product's module.
    pub module: &'a str,
    /// The server.
    pub computer: &'a str,
    /// Out of its pool or back into it.
    pub direction: Direction,
}

/// Out of a pool or back into it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// The pool takes over.
    Out,
    /// The pool gives back.
    Back,
}

/// What a pool answers.
#[derive(Deserialize)]
pub struct Answer {
    readiness: State,
    servers: u32,
    active: u32,
    missing: Vec<String>,
}

/// The values of `PoolUpgradeState` (Microsoft Learn, Lync Server 2013: Upgrade or update Front End Servers).
#[derive(Deserialize)]
enum State {
    Ready,
    Busy,
    InsufficientActiveFrontEnds,
}

impl From<Answer> for PoolSeen {
    fn from(answer: Answer) -> Self {
        let Answer { readiness, servers, active, missing } = answer;
        let readiness = match readiness {
            State::Ready => Readiness::Ready,
            State::Busy => Readiness::Busy,
            State::InsufficientActiveFrontEnds => Readiness::InsufficientActiveFrontEnds,
        };
        Self { readiness, servers, active, missing }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_count_or_with_a_strange_state_is_none() {
        let answer = |state: &str, active: &str| {
            let json = format!(r#"{{"readiness":"{state}","servers":3,"active":{active},"missing":[]}}"#);
            serde_json::from_str::<Answer>(&json)
        };
        let pool = PoolSeen::from(answer("Busy", "2").expect("an answer"));
        assert_eq!(pool, PoolSeen { readiness: Readiness::Busy, servers: 3, active: 2, missing: vec![] });
        assert!(answer("Busy", "null").is_err() && answer("Beschäftigt", "2").is_err() && answer("", "2").is_err());
    }

    #[test]
    fn each_product_is_asked_by_its_own_cmdlet() {
        let asked = |product| {
            let question = Question::of("m", product, "pool.contoso.example");
            (question.asks, question.fabric)
        };
        assert_eq!(asked(Product::Lync2013), ("readiness", false));
        assert_eq!(asked(Product::Sfb2015), ("readiness", true));
        assert_eq!(asked(Product::Sfb2019), ("domains", true));
    }
}
