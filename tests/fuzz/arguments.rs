//! Windows must split the command line of a child, and that of the scheduled task, into the arguments that they were
//! made of.

use reconcile_hosts::{
    command_line,
    task::{Account, Element, Place, Request, decode, file},
};
use reconcile_schema::{Mode, Period};

const BLANK: u16 = b' ' as u16;
const TAB: u16 = b'\t' as u16;
const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

pub fn check(bytes: &[u8]) {
    // Each line of the input is an argument. Bytes outside ASCII become other UTF-16 units, including unpaired
    // surrogates.
    let unit = |byte: &u8| if byte.is_ascii() { u16::from(*byte) } else { 0xd700 + u16::from(*byte) * 8 };
    let all = bytes.split(|byte| *byte == b'\n').map(|line| line.iter().filter(|byte| **byte != 0).map(unit).collect());
    let mut all: Vec<Vec<u16>> = all.collect();
    all[0].retain(|unit| *unit != QUOTE); // A Windows path cannot contain one.
    let line = command_line(&all[0], &all[1..]);
    assert_eq!(split(&line, Doubled::StaysOpen), all, "as a C program splits it");
    assert_eq!(split(&line, Doubled::Closes), all, "as CommandLineToArgvW does");
    if let Ok(text) = std::str::from_utf8(bytes) {
        task(text);
    }
}

/// Checks a task whose manifest has this path, if a user can ask for that.
fn task(path: &str) {
    let (Ok(manifest), Ok(program)) = (path.parse::<Place>(), r"C:\Program Files\reconcile\reconcile.exe".parse())
    else {
        return;
    };
    let (every, jitter, limit) = (Period::hours(1), Period::minutes(5), Period::hours(3));
    let request = Request { mode: Mode::Apply, manifest, program, account: Account::System, every, jitter, limit };
    let definition = request.definition();
    let text = decode(&file(&definition).unwrap()).unwrap();
    // An independent XML parser.
    let document = roxmltree::Document::parse(&text).unwrap();
    let said = |name: &str| document.descendants().find(|node| node.tag_name().name() == name).unwrap().text().unwrap();
    assert!(
        !said("Arguments").contains('%') && !said("Arguments").contains("$("),
        "the Task Scheduler would replace it"
    );
    let line: Vec<u16> = format!("\"{}\" {}", said("Command"), said("Arguments")).encode_utf16().collect();
    for doubled in [Doubled::StaysOpen, Doubled::Closes] {
        let arguments: Vec<_> = split(&line, doubled).iter().map(|units| String::from_utf16(units).unwrap()).collect();
        assert_eq!(arguments, [request.program.as_str(), "apply", request.manifest.as_str(), "--unattended"]);
    }
    assert_eq!(Request::of(&Element::read(&text).unwrap()), Ok(request));
}

/// The meaning of two quotation marks in a quoted argument. Both readings produce one mark: with the C runtime since
/// 2008 the argument stays quoted, with `CommandLineToArgvW` the quote ends.
#[derive(Clone, Copy, PartialEq)]
enum Doubled {
    StaysOpen,
    Closes,
}

/// Splits a command line by the rules on Microsoft Learn ("Parsing C command-line arguments", `CommandLineToArgvW`).
fn split(line: &[u16], doubled: Doubled) -> Vec<Vec<u16>> {
    // In the program's name, a backslash does not escape a quotation mark.
    let quoted = line.first() == Some(&QUOTE);
    let line = &line[usize::from(quoted)..];
    let ends = |unit: &u16| if quoted { *unit == QUOTE } else { [BLANK, TAB].contains(unit) };
    let end = line.iter().position(ends).unwrap_or(line.len());
    let mut all = vec![line[..end].to_vec()];
    let mut rest = line[end..].iter().copied().skip(usize::from(quoted)).peekable();
    loop {
        while rest.next_if(|unit| [BLANK, TAB].contains(unit)).is_some() {}
        if rest.peek().is_none() {
            return all;
        }
        let (mut argument, mut open) = (Vec::new(), false);
        loop {
            let mut backslashes = 0;
            while rest.next_if_eq(&BACKSLASH).is_some() {
                backslashes += 1;
            }
            if rest.next_if_eq(&QUOTE).is_none() {
                argument.extend(std::iter::repeat_n(BACKSLASH, backslashes));
                match rest.next_if(|unit| open || ![BLANK, TAB].contains(unit)) {
                    Some(unit) => argument.push(unit),
                    None => break,
                }
                continue;
            }
            argument.extend(std::iter::repeat_n(BACKSLASH, backslashes / 2));
            if backslashes % 2 == 1 {
                argument.push(QUOTE);
            } else if open && rest.next_if_eq(&QUOTE).is_some() {
                argument.push(QUOTE);
                open = doubled == Doubled::StaysOpen;
            } else {
                open = !open;
            }
        }
        all.push(argument);
    }
}
