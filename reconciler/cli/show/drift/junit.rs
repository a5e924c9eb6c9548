//! A drift report as JUnit XML: a test case for each server. Drift is a failure, an unknown state is an error.

use std::io::{self, Write};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use reconcile_schema::{DriftState, DriftSummary};

use crate::manifest::diagnostic::escape;
use crate::show::drift::report::{Head, Report, Spool, spool, unspool};
use crate::show::drift::words::{body, headline};
use crate::work::judge::Judged;

pub struct Junit<W> {
    out: W,
    head: Head,
    /// The test cases. Their number is written before them.
    cases: Writer<Spool>,
    failures: u64,
    errors: u64,
}

impl<W: Write> Junit<W> {
    /// # Errors
    /// When there is no place for temporary files.
    pub fn begin(out: W, head: Head) -> io::Result<Self> {
        Ok(Self { out, head, cases: Writer::new_with_indent(spool()?, b' ', 2), failures: 0, errors: 0 })
    }
}

impl<W: Write + Send> Report for Junit<W> {
    fn server(&mut self, judged: &Judged) -> io::Result<()> {
        let server = &judged.drift;
        let place =
            [&server.site, &server.pool].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/");
        let class = if place.is_empty() { "fleet" } else { &place };
        let (name, class) = (escape(&server.name), escape(class));
        let mut case = BytesStart::new("testcase");
        case.push_attribute(("name", name.as_str()));
        case.push_attribute(("classname", class.as_str()));
        let line = server.place.as_ref().map(|place| place.line.to_string());
        if let (Some(place), Some(line)) = (&server.place, &line) {
            case.push_attribute(("file", escape(&place.file).as_str()));
            case.push_attribute(("line", line.as_str()));
        }
        let kind = match server.state {
            DriftState::AtGoal if server.is_quiet() => return self.cases.write_event(Event::Empty(case)),
            DriftState::AtGoal => "system-out",
            DriftState::Drift | DriftState::Unnamed | DriftState::Ahead | DriftState::WrongProduct => {
                self.failures += 1;
                "failure"
            }
            DriftState::Missing
            | DriftState::Stale
            | DriftState::BuildsOnly
            | DriftState::NotReadable
            | DriftState::Unknown => {
                self.errors += 1;
                "error"
            }
        };
        let mut told = BytesStart::new(kind);
        if server.state != DriftState::AtGoal {
            told.push_attribute(("type", server.state.key()));
            told.push_attribute(("message", headline(server).as_str()));
        }
        self.cases.write_event(Event::Start(case))?;
        self.cases.write_event(Event::Start(told))?;
        self.cases.write_event(Event::Text(BytesText::new(&body(server))))?;
        self.cases.write_event(Event::End(BytesEnd::new(kind)))?;
        self.cases.write_event(Event::End(BytesEnd::new("testcase")))
    }

    fn finish(mut self: Box<Self>, summary: &DriftSummary) -> io::Result<()> {
        let [tests, failures, errors] = [summary.servers, self.failures, self.errors].map(|count| count.to_string());
        let (name, at) = (escape(&self.head.manifest), self.head.as_of.to_string());
        let counts = [("tests", tests.as_str()), ("failures", &failures), ("errors", &errors)];
        let mut suites = BytesStart::new("testsuites");
        suites.push_attribute(("name", "reconcile drift"));
        suites.extend_attributes(counts);
        let mut suite = BytesStart::new("testsuite");
        suite.push_attribute(("name", name.as_str()));
        suite.extend_attributes(counts);
        suite.extend_attributes([("skipped", "0"), ("timestamp", at.as_str())]);
        let mut xml = Writer::new_with_indent(&mut self.out, b' ', 2);
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        xml.write_event(Event::Start(suites))?;
        xml.write_event(Event::Start(suite))?;
        unspool(self.cases.into_inner(), xml.get_mut())?;
        xml.write_event(Event::End(BytesEnd::new("testsuite")))?;
        xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
        writeln!(self.out)?;
        self.out.flush()
    }
}
