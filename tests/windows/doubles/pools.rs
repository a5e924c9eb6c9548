//! The cmdlets for Front End pools, on one of the pool's servers.

use std::error::Error;

use serde::Deserialize;
use serde_json::json;
use windows_service::service::ServiceState;

use reconcile_doubles::{Asks, FRONT_END, Lab, Pool, Service, StartType, WEB_SERVER};

use super::powershell::{Answer, import};
use super::services;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestRequest {
    module: String,
    pool: String,
    asks: Asks,
}

/// Get-CsPoolUpgradeReadinessState or Get-CsUpgradeDomainInfo, whichever the product has, and Get-CsPoolFabricState.
pub fn test(lab: &Lab, request: &TestRequest) -> Answer {
    import(lab, &request.module)?;
    let pool = pool(lab)?;
    if request.asks != pool.asks {
        return Err(unknown(match request.asks {
            Asks::Readiness => "Get-CsPoolUpgradeReadinessState",
            Asks::Domains => "Get-CsUpgradeDomainInfo",
        }));
    }
    if !request.pool.eq_ignore_ascii_case(&pool.fqdn) {
        return Err(format!("the topology has no pool {}", request.pool).into());
    }
    let active = services::state(FRONT_END)? == ServiceState::Running;
    let up = (1..=pool.others).map(|number| format!("other-{number}.lab.example"));
    let up = up.chain(active.then(|| lab.fqdn.clone()));
    let sound = up.map(|server| ("output".to_owned(), format!("{server} OK UP")));
    let said = pool.fabric.clone().unwrap_or_else(|| sound.collect());
    let fabric: Vec<_> = said.iter().map(|(stream, text)| json!({ "stream": stream, "text": text })).collect();
    let domains: Vec<_> = pool
        .domains
        .iter()
        .map(|(names, ready)| json!({ "ready": ready, "names": names.split(' ').collect::<Vec<_>>() }))
        .collect();
    let count = |count: u32| if pool.counts { count.to_string() } else { String::new() };
    Ok(Some(json!({
        "readiness": pool.readiness,
        "domains": domains,
        "servers": count(pool.servers),
        "active": count(pool.others + u32::from(active)),
        "fabric": fabric,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveRequest {
    module: String,
    computer: String,
    direction: Direction,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Out,
    Back,
}

/// Invoke-CsComputerFailOver or Invoke-CsComputerFailBack.
pub fn move_computer(lab: &Lab, request: &MoveRequest) -> Answer {
    import(lab, &request.module)?;
    if !pool(lab)?.moves {
        return Err(unknown(match request.direction {
            Direction::Out => "Invoke-CsComputerFailOver",
            Direction::Back => "Invoke-CsComputerFailBack",
        }));
    }
    if !request.computer.eq_ignore_ascii_case(&lab.fqdn) {
        return Err(format!("the pool has no computer {}", request.computer).into());
    }
    match request.direction {
        Direction::Out => fail_over(lab),
        Direction::Back => fail_back(lab),
    }
}

/// Stops and disables each service of the product, in reverse start order.
fn fail_over(lab: &Lab) -> Answer {
    for Service { name, .. } in own(lab).rev() {
        services::stop(name)?;
        services::set_start_type(name, StartType::Disabled)?;
    }
    Ok(None)
}

/// Enables and starts each of them again, and succeeds if the Front End service runs.
fn fail_back(lab: &Lab) -> Answer {
    let mut away = false;
    for Service { name, start_type, .. } in own(lab) {
        away |= services::start_type(name)? != *start_type;
    }
    if !away {
        return Err(format!("the computer {} is not failed over", lab.fqdn).into());
    }
    for Service { name, start_type, .. } in own(lab) {
        services::set_start_type(name, *start_type)?;
        if *start_type == StartType::Automatic {
            services::start(name)?;
            services::settles(name)?;
        }
    }
    if services::state(FRONT_END)? == ServiceState::Running {
        Ok(None)
    } else {
        Err(format!("the service {FRONT_END} does not run").into())
    }
}

/// The services of the product in their start order.
fn own(lab: &Lab) -> impl DoubleEndedIterator<Item = &Service> {
    lab.services.iter().filter(|service| service.name != WEB_SERVER)
}

fn pool(lab: &Lab) -> Result<&Pool, Box<dyn Error>> {
    lab.pool.as_ref().ok_or_else(|| "the computer is in no Front End pool".into())
}

/// PowerShell's message about a cmdlet that the product does not have.
fn unknown(cmdlet: &str) -> Box<dyn Error> {
    format!("The term '{cmdlet}' is not recognized as the name of a cmdlet").into()
}
