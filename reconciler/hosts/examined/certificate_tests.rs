use super::*;

/// Made by OpenSSL, see testdata/README.md: with a version (v3), and of version 1, which has none.
const ROOT: &[u8] = include_bytes!("../testdata/contoso-root.der");
const ISSUING: &[u8] = include_bytes!("../testdata/contoso-issuing.der");

#[test]
fn a_root_issues_its_own_certificate_and_another_one_does_not() {
    let root = names(ROOT).expect("a certificate");
    let (name, issued) =
        ("CN=Contoso Root CA, O=Contoso, DC=contoso, DC=example", "CN=Contoso Issuing CA 2, O=Contoso");
    assert_eq!(root, Names { subject: name.into(), issuer: name.into(), self_issued: true });
    let issuing = names(ISSUING).expect("a certificate");
    assert_eq!(issuing, Names { subject: issued.into(), issuer: name.into(), self_issued: false });
}

#[test]
fn a_certificate_that_ends_early_is_none_and_damage_in_it_is_no_harm() {
    for length in 0..ISSUING.len() {
        let (start, _) = ISSUING.split_at(length);
        assert!(names(start).is_err(), "{length} bytes");
    }
    for at in 0..ROOT.len() {
        for value in [0, 0x7F, 0x80, 0x84, 0xFF] {
            let damaged: Vec<_> =
                ROOT.iter().enumerate().map(|(place, byte)| if place == at { value } else { *byte }).collect();
            let _ = names(&damaged);
        }
    }
    assert_eq!(names(b"").expect_err("nothing").to_string(), "it is no X.509 certificate: the certificate is missing");
}

/// X.690, 8.1.3: a length in one byte, in up to four bytes, or, not in DER, at the end.
#[test]
fn a_length_is_read_in_each_of_its_forms() {
    assert_eq!(element(&mut &[0x04, 0x01, 0xAA, 0xBB][..]), Some((0x04, &[0xAA][..])));
    assert_eq!(element(&mut &[0x04, 0x81, 0x01, 0xAA][..]), Some((0x04, &[0xAA][..])));
    assert_eq!(element(&mut &[0x04, 0x84, 0, 0, 0, 1, 0xAA][..]), Some((0x04, &[0xAA][..])));
    for bad in [&[0x04][..], &[0x04, 0x02, 0xAA], &[0x04, 0x80, 0xAA, 0, 0], &[0x04, 0x85, 0, 0, 0, 0, 1, 0xAA]] {
        assert_eq!(element(&mut { bad }), None, "{bad:x?}");
    }
}

/// RFC 5280, 4.1.2.4: a name may be a PrintableString in one place and a UTF8String in the other, and old certificates
/// have BMPString and TeletexString.
#[test]
fn one_name_in_two_encodings_is_one_name() {
    let name = |tag: u8, value: &[u8]| {
        let wrap = |tag: u8, content: &[u8]| {
            let mut all = vec![tag, u8::try_from(content.len()).expect("short")];
            all.extend(content);
            all
        };
        let pair = [vec![OBJECT, 3, 0x55, 0x04, 0x03], wrap(tag, value)].concat();
        wrap(SET, &wrap(SEQUENCE, &pair))
    };
    for (tag, value) in
        [(0x13, &b"Root"[..]), (0x0C, b"Root"), (BMP_STRING, &[0, b'R', 0, b'o', 0, b'o', 0, b't']), (0x14, b"Root")]
    {
        assert_eq!(shown(&name(tag, value)), "CN=Root");
    }
    assert_eq!(shown(&name(0x14, b"Gr\xFC\xDFe\x1B[31m")), "CN=Grüße[31m");
}
