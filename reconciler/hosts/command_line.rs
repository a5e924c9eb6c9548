//! The command line of a child process: the one text that a Windows program splits into its arguments again.

const BLANK: u16 = b' ' as u16;
const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

/// The command line that starts `program` with these arguments, in UTF-16 and without its closing NUL (Microsoft Learn:
/// Parsing C command-line arguments).
///
/// A path contains no quotation mark, and neither the path nor an argument contains a NUL.
#[must_use]
pub fn command_line(program: &[u16], arguments: &[Vec<u16>]) -> Vec<u16> {
    let mut line = [&[QUOTE], program, &[QUOTE]].concat();
    for argument in arguments {
        line.push(BLANK);
        quote(&mut line, argument);
    }
    line
}

fn quote(line: &mut Vec<u16>, argument: &[u16]) {
    line.push(QUOTE);
    let mut backslashes = 0;
    for &unit in argument {
        if unit == QUOTE {
            // Backslashes before a quotation mark count half, and one more makes the mark a part of the argument.
            line.extend(std::iter::repeat_n(BACKSLASH, backslashes + 1));
        }
        backslashes = if unit == BACKSLASH { backslashes + 1 } else { 0 };
        line.push(unit);
    }
    line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
    line.push(QUOTE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_arrives_as_it_was() {
        let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
        let line = |arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(|argument| units(argument)).collect();
            String::from_utf16_lossy(&command_line(&units(r"C:\Program Files\a.exe"), &arguments))
        };
        assert_eq!(line(&[]), r#""C:\Program Files\a.exe""#);
        assert_eq!(line(&["/silentmode", ""]), r#""C:\Program Files\a.exe" "/silentmode" """#);
        assert_eq!(line(&[r"C:\with blanks\"]), r#""C:\Program Files\a.exe" "C:\with blanks\\""#);
        assert_eq!(line(&[r#"say "yes""#]), r#""C:\Program Files\a.exe" "say \"yes\"""#);
        assert_eq!(line(&[r#"a\"b"#]), r#""C:\Program Files\a.exe" "a\\\"b""#);
    }
}
