//! Random distinguished names in DER, good and bad.

use super::random::Random;

/// String types that OpenSSL takes and folds, that it takes as they are, and that it refuses; and what is no string.
const TAGS: &[u8] = &[
    12, 12, 12, 12, 19, 19, 19, 20, 22, 28, 30, 18, 3, 0x30, 7, 8, 9, 10, 11, 13, 14, 15, 1, 2, 4, 5, 6, 16, 21, 23,
    24, 25, 26, 27, 29, 0x31, 0x80, 0xa0,
];

const OIDS: &[&[u8]] = &[
    b"\x55\x04\x03",
    b"\x55\x04\x06",
    b"\x55\x04\x0a",
    b"\x55\x04\x0b",
    b"\x55\x04\x05",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01",
    b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19",
    b"\x2a\x03\x04",
];

const CHARS: &[char] = &[
    'a',
    'B',
    'z',
    'Z',
    '0',
    ' ',
    ' ',
    '\t',
    '\n',
    '\u{b}',
    '\u{c}',
    '\r',
    '\0',
    '\u{1c}',
    '@',
    '[',
    '`',
    'É',
    'é',
    '\u{a0}',
    '\u{85}',
    'ß',
    'İ',
    'K',
    '€',
    '\u{2028}',
    '\u{3000}',
    '\u{fffd}',
    '\u{ffff}',
    '😀',
    '\u{10ffff}',
];

pub fn name(random: &mut Random) -> Vec<u8> {
    let rdns: Vec<u8> = (0..random.below(5)).flat_map(|_| rdn(random)).collect();
    element(0x30, &rdns)
}

fn rdn(random: &mut Random) -> Vec<u8> {
    let count = *random.pick(&[0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3]);
    element(0x31, &(0..count).flat_map(|_| attribute(random)).collect::<Vec<_>>())
}

fn attribute(random: &mut Random) -> Vec<u8> {
    let oid = match random.below(60) {
        0 => {
            let length = random.below(4);
            random.bytes(length)
        }
        _ => random.pick(OIDS).to_vec(),
    };
    // Most names shall be good ones.
    let tag = if random.percent(80) { TAGS[random.below(14)] } else { *random.pick(TAGS) };
    element(0x30, &[element(6, &oid), element(tag, &value(tag, random))].concat())
}

fn value(tag: u8, random: &mut Random) -> Vec<u8> {
    let longest = if random.percent(3) { 300 } else { 20 };
    let length = random.below(longest);
    if random.percent(4) || !matches!(tag, 12 | 18..=22 | 28 | 30) {
        return random.bytes(length);
    }
    let text: String = (0..length).map(|_| *random.pick(CHARS)).collect();
    match tag {
        12 => text.into_bytes(),
        28 => text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
        30 if random.percent(80) => text.chars().flat_map(|c| (u32::from(c) as u16).to_be_bytes()).collect(),
        30 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => text.chars().map(|c| u32::from(c) as u8).collect(),
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match content.len() {
        short @ 0..0x80 => vec![short as u8],
        byte @ 0x80..0x100 => vec![0x81, byte as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [&[tag][..], &length, content].concat()
}
