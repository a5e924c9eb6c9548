//! The fingerprint of a document: the SHA-256 of its canonical form, which is JSON with sorted keys and without blanks.
//!
//! It is taken of the document as it was written, before names are completed: so it does not depend on the version of
//! this program, and anyone can calculate it.

use reconcile_schema::Fingerprint;
use sha2::{Digest, Sha256};

use crate::manifest::yaml::Node;

/// The fingerprint of a document. The fields of its mappings are sorted by their names.
pub(crate) fn fingerprint(root: &Node) -> Fingerprint {
    Fingerprint::of(Sha256::digest(root.to_value().to_string()).into())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use crate::manifest::source::Source;

    fn of(text: &str) -> String {
        Source::parse("m.yaml", text.to_owned()).unwrap().fingerprint().to_string()
    }

    #[test]
    fn anyone_can_calculate_it() {
        // printf '%s' '{"a":[1,true,null,"ä"],"z":{"b":"1"}}' | sha256sum
        let expected = "sha256:6b0a43f8e8322b4247001152428edb4f7b7432f14b6bbf83245428ab8dd7e0cf";
        assert_eq!(of("z: { b: '1' }\na: [1, true, null, \"ä\"]\n"), expected);
    }

    #[test]
    fn layout_does_not_count() {
        let plain = of("version: 1\ndomain: contoso.example\npools: { a: { site: x } }\n");
        for same in [
            "# a comment\nversion: 1\n\ndomain:   'contoso.example' # another\npools:\n  a:\n    site: x\n",
            "\u{feff}version: 1\r\ndomain: contoso.example\r\npools: { a: { site: x } }\r\n",
            "pools: { a: { site: \"x\" } }\ndomain: contoso.example\nversion: 1",
        ] {
            assert_eq!(of(same), plain, "{same}");
        }
    }

    #[test]
    fn every_value_counts() {
        let plain = of("version: 1\nlist: [a, b]\n");
        for other in [
            "version: 2\nlist: [a, b]\n",
            "version: 1\nlist: [b, a]\n",
            "version: '1'\nlist: [a, b]\n",
            "version: 1\nlist: ['a,b']\n",
        ] {
            assert_ne!(of(other), plain, "{other}");
        }
    }
}
