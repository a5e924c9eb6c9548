//! The fleet of the month: its manifest, and the events on its servers.

use jiff::Timestamp;
use reconcile_hosts::lab::Fault;

/// The manifest; in the first week of November the second update becomes the target.
pub fn manifest(target: &str) -> String {
    MANIFEST.replace("TARGET", target)
}

/// The updates, in the order in which they become the target.
pub const TARGETS: [&str; 2] = ["first", "second"];

const MANIFEST: &str = r#"
version: 1
updates:
  first:
    product: sfb-2019
    release: "7.0.2046.385"
    installer:
      path: 'D:\Updates\SkypeServerUpdateInstaller.exe'
      sha256: c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00
  second:
    product: sfb-2019
    release: "7.0.2046.521"
    installer:
      path: 'D:\Updates\SkypeServerUpdateInstaller.exe'
      sha256: decade11decade11decade11decade11decade11decade11decade11decade11
groups:
  berlin:
    role: standard-edition
    target: TARGET
    policy:
      reboot: inWindow
      maintenance:
        timeZone: Europe/Berlin
        windows:
          weekend: { days: sat, from: "22:00", to: "04:00" }
          midweek: { days: "tue,wed", from: "23:30", to: "02:30" }
        except: { all-saints: 2026-10-31..2026-11-01 }
  new-york:
    role: back-end
    target: TARGET
    databases: { sqlServer: sql01.new-york.contoso.example }
    policy:
      reboot: whenRequired
      maintenance:
        timeZone: Eastern Standard Time
        windows:
          weekend: { days: "fri,sat", from: "23:00", to: "05:00" }
  kolkata:
    role: standard-edition
    target: TARGET
    policy:
      reboot: whenRequired
      maintenance:
        timeZone: Asia/Kolkata
        windows:
          nights: { days: mon-fri, from: "01:00", to: "04:30" }
        except: { diwali: 2026-11-08..2026-11-11 }
servers:
  se-[1-4].berlin.contoso.example: { group: berlin }
  be-[1-4].new-york.contoso.example: { group: new-york }
  se-[1-4].kolkata.contoso.example: { group: kolkata }
"#;

/// The build at which every server starts.
pub const START: &str = "7.0.2046.123";

/// An event on a server.
#[derive(Debug, Clone, Copy)]
pub enum Turn {
    /// This goes wrong from now on.
    Breaks(Fault),
    /// An operator fixes it, and says so with `--retry`.
    Mended,
    /// Somebody sets a hold.
    Held,
    /// Somebody releases it.
    Released,
    /// The next run that starts the installer is killed in the middle of it.
    Killed,
    /// The clock is set this many hours ahead; 0 sets it right again.
    Clock(i64),
    /// The second update becomes the target of every server.
    Target,
}

/// The events of the month, by time.
pub const TURNS: &[(Timestamp, &str, Turn)] = &[
    (at(20, 10), "se-2.berlin", Turn::Breaks(Fault::InstallerAsksForReboot)),
    (at(20, 10), "se-3.berlin", Turn::Breaks(Fault::InstallerFails)),
    (at(20, 10), "se-4.berlin", Turn::Held),
    (at(20, 10), "be-1.new-york", Turn::Killed),
    (at(20, 10), "be-2.new-york", Turn::Breaks(Fault::InstallerBeginsReboot)),
    (at(20, 10), "be-3.new-york", Turn::Breaks(Fault::RebootPending)),
    (at(20, 10), "be-4.new-york", Turn::Held),
    (at(20, 10), "se-1.kolkata", Turn::Breaks(Fault::InstallerStartsServices)),
    (at(20, 10), "se-2.kolkata", Turn::Breaks(Fault::ShellOpen)),
    (at(20, 10), "se-3.kolkata", Turn::Breaks(Fault::InstallerStopsHalfWay)),
    (at(22, 9), "se-3.berlin", Turn::Mended),
    (at(23, 7), "se-2.kolkata", Turn::Mended),
    (at(26, 9), "se-4.berlin", Turn::Released),
    (at(31, 12), "be-4.new-york", Turn::Released),
    (at(34, 12), "", Turn::Target),
    (at(34, 13), "be-4.new-york", Turn::Breaks(Fault::DatabaseUpdateDoesNothing)),
    (at(34, 13), "se-1.berlin", Turn::Clock(-48)),
    (at(36, 9), "se-1.berlin", Turn::Clock(0)),
    (at(34, 14), "se-4.kolkata", Turn::Held),
    (at(41, 9), "be-4.new-york", Turn::Mended),
    (at(43, 9), "se-4.kolkata", Turn::Released),
];

/// The first and the last moment of the month.
pub const MONTH: [Timestamp; 2] = [at(20, 0), at(51, 0)];

/// An hour of the month in UTC; the days of November continue the count of October.
const fn at(day: i64, hour: i64) -> Timestamp {
    let october = 1_790_812_800; // 2026-10-01.
    Timestamp::constant(october + (day - 1) * 86_400 + hour * 3_600, 0)
}
