//! The documented order, written independently by hand. Every healthy, outdated server must get this plan.
//!
//! Microsoft Learn, "Upgrade or update a Back End Server or Standard Edition server". Its steps are: stop the services,
//! stop the web server, close every management shell, run the installer, stop the services again, start the web server,
//! update the databases in one of three forms.

use std::fs;

use serde_json::Value;

use crate::{folder, run};

/// The products in the stories, with the names of their installers.
const PRODUCTS: [(&str, &str); 4] = [
    ("lync-2013", "LyncServerUpdateInstaller.exe"),
    ("sfb-2015", "SkypeServerUpdateInstaller.exe"),
    ("sfb-2019", "SkypeServerUpdateInstaller.exe"),
    ("sfb-se", "SkypeServerUpdateInstaller.exe"),
];

/// The kinds of servers, with the parameters for the update of their databases.
const SERVERS: [(&str, &str); 3] = [
    ("standard-edition", "-LocalDatabases"),
    ("back-end", "-ConfiguredDatabases -SqlServerFqdn sql01.contoso.example"),
    ("back-end-collocated", "-ConfiguredDatabases -SqlServerFqdn sql01.contoso.example -ExcludeCollocatedStores"),
];

#[test]
fn the_plan_of_every_kind_of_server_is_the_documented_order() {
    for (product, installer) in PRODUCTS {
        for (server, form) in SERVERS {
            let databases = [format!("Install-CsDatabase -Update {form}")];
            assert_eq!(planned(&format!("{product}-{server}.md")), documented(installer, &databases));
        }
    }
}

#[test]
fn the_central_management_store_is_updated_after_the_databases_of_its_server() {
    let central = "-CentralManagementDatabase -SqlServerFqdn fe01.contoso.example -SqlInstanceName RTC";
    let databases = ["-LocalDatabases", central].map(|form| format!("Install-CsDatabase -Update {form}"));
    assert_eq!(planned("central-management-store.md"), documented("SkypeServerUpdateInstaller.exe", &databases));
}

/// The commands of the documented procedure, with its two implicit steps: the update is downloaded first, and the
/// services are started at the end.
fn documented(installer: &str, databases: &[String]) -> Vec<String> {
    let before = [format!("copy and verify {installer}")];
    let steps = [
        "Stop-CsWindowsService",
        "net stop w3svc",
        &format!("{installer} /silentmode"),
        "Stop-CsWindowsService",
        "net start w3svc",
    ];
    let after = ["Start-CsWindowsService".to_string()];
    before.into_iter().chain(steps.map(String::from)).chain(databases.iter().cloned()).chain(after).collect()
}

/// The commands of the plan for the manifest in a story.
fn planned(story: &str) -> Vec<String> {
    let told = fs::read_to_string(folder().join(story)).unwrap_or_else(|error| panic!("{story}: {error}"));
    let (_, manifest) = told.split_once("```yaml site.yaml\n").unwrap();
    let (manifest, _) = manifest.split_once("```\n").unwrap();
    let world = tempfile::tempdir().unwrap();
    fs::write(world.path().join("site.yaml"), manifest).unwrap();
    let printed = run(world.path(), "reconcile plan site.yaml --output json");
    let json = printed.strip_suffix("exit code 2\n").unwrap_or_else(|| panic!("{story} has no drift: {printed}"));
    let plan: Value = serde_json::from_str(json).unwrap();
    assert_eq!(plan["servers"].as_array().unwrap().len(), 1, "{story}");
    let steps = plan["servers"][0]["steps"].as_array().unwrap().iter();
    steps.map(|step| step["command"].as_str().unwrap().to_owned()).collect()
}
