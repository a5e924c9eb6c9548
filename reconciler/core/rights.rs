//! The rights that the account lacks for the remaining steps.

use reconcile_schema::{Right, Rights, Step};

use crate::goal::Goal;

/// Whether the account has every right that any step needs.
pub(crate) fn may_all(rights: Rights) -> bool {
    Right::ALL.iter().all(|right| rights.has(*right))
}

/// The first of these steps for which the account lacks a right. The right on the machine comes before the one in the
/// domain.
pub(crate) fn lacks(rights: Rights, steps: &[Step]) -> Option<(&Step, Right)> {
    Right::ALL.into_iter().find_map(|right| {
        let lacking = |step: &&Step| step.rights().contains(&right) && !rights.has(right);
        steps.iter().find(lacking).map(|step| (step, right))
    })
}

/// The steps of a goal that need the product's rights; without such a step, the domain is not asked.
pub fn product_steps(goal: &Goal) -> impl Iterator<Item = Step> {
    let databases = goal.all_stores().map(|store| goal.updating(store));
    let moves = [Step::FailOver, Step::FailBack].into_iter().filter(|_| goal.fails_over());
    databases.chain(moves).filter(|step| step.rights().contains(&Right::ServerAdmin))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use reconcile_schema::Store;

    use super::*;

    const ACCOUNTS: [(&str, Rights); 4] = [
        ("nobody", account(false, None)),
        ("an administrator of a workgroup", account(true, None)),
        ("SYSTEM", account(true, Some(false))),
        ("a service account", account(true, Some(true))),
    ];

    const fn account(administrator: bool, server_admin: Option<bool>) -> Rights {
        Rights { administrator, server_admin, confined: false }
    }

    /// An account may do what the documentation says, row by row.
    #[test]
    fn each_step_is_refused_to_those_whom_the_documents_refuse_it() {
        let local = || Step::UpdateDatabases(Store::Local);
        let machine =
            [Step::StopServices, Step::StopWeb, Step::Install, Step::StartWeb, Step::StartServices, Step::Reboot];
        let refused = |steps: &[Step]| -> Vec<_> {
            ACCOUNTS.iter().filter_map(|(who, rights)| Some((*who, lacks(*rights, steps)?.1))).collect()
        };
        let nobody = ("nobody", Right::Administrator);
        for step in machine {
            assert_eq!(refused(core::slice::from_ref(&step)), [nobody], "{step}");
        }
        for step in [local(), Step::FailOver, Step::FailBack] {
            let domain = |who| (who, Right::ServerAdmin);
            let expected = [nobody, domain("an administrator of a workgroup"), domain("SYSTEM")];
            assert_eq!(refused(&[Step::StopServices, step.clone()]), expected, "{step}");
        }
        assert!(refused(&[Step::Claim, Step::Release]).is_empty());
    }
}
