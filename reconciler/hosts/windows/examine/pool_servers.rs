//! Whether this account reaches the service managers of the other servers of its pool, as a failover requires.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use reconcile_schema::{ServerName, ServerReached};
use windows_sys::Win32::Foundation::ERROR_ACCESS_DENIED;

use super::super::services::{ServiceError, Services};
use super::super::win32::Win32Error;

/// How long all of them together may take: a server that is off answers after minutes.
const LIMIT: Duration = Duration::from_secs(20);

/// Asks each of these servers at the same time. A thread that still waits at the end of the time is left behind: it
/// holds nothing, and ends with its call.
pub fn reach<'a>(servers: impl Iterator<Item = &'a ServerName>) -> Vec<ServerReached> {
    let (said, answers) = mpsc::channel();
    let asked: Vec<_> = servers.cloned().collect();
    for (number, server) in asked.iter().cloned().enumerate() {
        let said = said.clone();
        let asks = move || drop(said.send((number, Services::open_on(server.as_str()).map(drop))));
        // A thread that cannot be created gives no answer.
        drop(std::thread::Builder::new().name("reach".into()).spawn(asks));
    }
    drop(said);
    let mut all: Vec<_> = asked.into_iter().map(silent).collect();
    let until = now() + LIMIT;
    while let Ok((number, answer)) = answers.recv_timeout(until.saturating_duration_since(now())) {
        if let Some(one) = all.get_mut(number) {
            *one = reached(one.server.clone(), answer);
        }
    }
    all
}

#[expect(clippy::disallowed_methods, reason = "how long others take is not decided by anything")]
fn now() -> Instant {
    Instant::now()
}

fn silent(server: ServerName) -> ServerReached {
    let problem = Some(format!("its service manager did not answer within {} seconds", LIMIT.as_secs()));
    ServerReached { server, denied: false, problem }
}

fn reached(server: ServerName, answer: Result<(), ServiceError>) -> ServerReached {
    let (denied, problem) = match answer {
        Ok(()) => (false, None),
        Err(ServiceError::Manager(Win32Error(ERROR_ACCESS_DENIED))) => (true, None),
        Err(ServiceError::Manager(cause)) => (false, Some(format!("cannot open its service manager: {cause}"))),
        Err(error) => (false, Some(error.to_string())),
    };
    ServerReached { server, denied, problem }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_denies_access_is_told_from_one_that_cannot_be_asked() {
        let server = || -> ServerName { "fe02.contoso.example".parse().expect("a name") };
        let answered = |code| reached(server(), Err(ServiceError::Manager(Win32Error(code))));
        assert_eq!(answered(5), ServerReached { server: server(), denied: true, problem: None });
        let off = answered(1722);
        assert!(!off.denied && off.problem.is_some_and(|why| why.contains("1722")));
        assert_eq!(reached(server(), Ok(())).problem, None);
        assert!(silent(server()).problem.is_some_and(|why| why.contains("within 20 seconds")));
        assert_eq!(reach([].iter()), []);
    }
}
