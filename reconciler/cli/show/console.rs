//! The console: what a person reads, and is asked, during a run.

use reconcile_core::{Event, Goal};
use reconcile_hosts::lab::Pace;
use reconcile_schema::Heading;
#[cfg(windows)]
use reconcile_schema::{Code, ServerPlan};

use crate::manifest::problem::Problem;
use crate::show::{out::print, progress::Progress, render, voice::Voice};
use crate::work::audience::{Audience, Say};

/// The reader of a run.
pub struct Console {
    /// How the reader follows the steps.
    pub voice: Voice,
    /// Whether standard output is for a person. If so, it names each server before its steps.
    pub headings: bool,
}

impl Audience for Console {
    fn voice(&self) -> Say {
        self.voice.says()
    }

    fn reads_headings(&self) -> bool {
        self.headings
    }

    fn heading(&self, server: &Heading) -> Result<(), Problem> {
        if self.headings {
            print(&format!("\n{}", render::heading(server)))?;
        }
        Ok(())
    }

    fn watching<'a>(&'a self, goal: &'a Goal, pace: Pace) -> Box<dyn FnMut(&Event<'_>) + 'a> {
        let mut progress = Progress::new(goal, self.voice, pace);
        Box::new(move |event| progress.on(event))
    }

    #[cfg(windows)]
    fn confirms(&self, plan: ServerPlan) -> Result<(), Problem> {
        use std::io::{BufRead, IsTerminal, Write};

        let blocked = plan.blocked_by.is_some();
        print(&render::plan(&crate::work::plan::of(vec![plan])))?;
        if !std::io::stdin().is_terminal() {
            return Err(Problem::usage("this changes a real server and nobody can be asked here: add --yes"));
        }
        let when = if blocked { "as soon as nothing forbids them" } else { "now" };
        let _ = write!(anstream::stderr(), "Run these steps {when}? Type yes: ");
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).map_err(Problem::failed)?;
        if answer.trim() == "yes" {
            Ok(())
        } else {
            Err(Problem::of(Code::NotConfirmed, "not confirmed; nothing was changed"))
        }
    }
}
