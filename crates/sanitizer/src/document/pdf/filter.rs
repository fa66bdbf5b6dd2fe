//! What streams are packed with (ISO 32000-2, 7.4), unpacked within a limit.

use miniz_oxide::inflate::{
    TINFLStatus,
    core::{
        DecompressorOxide, decompress,
        inflate_flags::{
            TINFL_FLAG_IGNORE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        },
    },
};

use super::object::{Dict, Object};

/// Packings within each other.
const CHAIN: usize = 4;

/// The stream as it was, and whether all of it fit in the limit and every packing is known.
pub(super) fn unpack(dict: &Dict, packed: &[u8], limit: usize) -> (Vec<u8>, bool) {
    let named = dict.get("Filter").or_else(|| dict.get("F"));
    let filters: &[Object] = match named {
        Some(Object::Array(filters)) => filters,
        Some(filter) => std::slice::from_ref(filter),
        None => &[],
    };
    if filters.is_empty() {
        let bytes = packed.get(..limit).unwrap_or(packed);
        return (bytes.to_vec(), bytes.len() == packed.len());
    }
    let (mut bytes, mut fully) = (Vec::new(), true);
    for (nth, filter) in filters.iter().enumerate().take(CHAIN) {
        let from = if nth == 0 { packed } else { bytes.as_slice() };
        let (unpacked, all) = match filter.name().unwrap_or_default() {
            b"FlateDecode" | b"Fl" => inflate(from, limit),
            b"ASCIIHexDecode" | b"AHx" => (hex(from, limit), true),
            b"ASCII85Decode" | b"A85" => (base_85(from, limit), true),
            b"LZWDecode" | b"LZW" => lzw(from, limit),
            _ => (Vec::new(), false),
        };
        fully &= all && unpacked.len() < limit;
        bytes = unpacked;
    }
    if let Some(columns) = predicted(dict) {
        bytes = unpredict(&bytes, columns);
    }
    (bytes, fully && filters.len() <= CHAIN)
}

/// Bytes in a row, where each was written as its difference to the row above (PNG's filters).
fn predicted(dict: &Dict) -> Option<usize> {
    let parameters = dict.get("DecodeParms").or_else(|| dict.get("DP"))?;
    let parameters = parameters.array().and_then(<[Object]>::last).unwrap_or(parameters).dict()?;
    let number = |name, otherwise| parameters.get(name).and_then(Object::number).unwrap_or(otherwise);
    (number("Predictor", 1.0) >= 10.0).then(|| {
        let bits = number("Columns", 1.0) * number("Colors", 1.0) * number("BitsPerComponent", 8.0);
        (bits / 8.0).clamp(1.0, 65_536.0) as usize
    })
}

/// Rows of one byte a pixel, as tables and texts are written.
fn unpredict(bytes: &[u8], columns: usize) -> Vec<u8> {
    let mut rows = Vec::with_capacity(bytes.len());
    let mut above = vec![0u8; columns];
    for row in bytes.chunks(columns + 1) {
        let Some((kind, row)) = row.split_first() else { break };
        let (mut left, mut corner) = (0u8, 0u8);
        for (b, up) in row.iter().zip(&mut above) {
            let guess = match kind {
                1 => left,
                2 => *up,
                3 => ((u16::from(left) + u16::from(*up)) / 2) as u8,
                4 => paeth(left, *up, corner),
                _ => 0,
            };
            (left, corner) = (b.wrapping_add(guess), *up);
            *up = left;
            rows.push(left);
        }
    }
    rows
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, up, corner].map(i16::from);
    let (pa, pb, pc) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if pa <= pb && pa <= pc {
        left
    } else if pb <= pc {
        up
    } else {
        corner
    }
}

/// What a broken or endless stream unpacks to, up to where it breaks or the limit. Its checksum is not looked at: programs
/// show what is there.
fn inflate(packed: &[u8], limit: usize) -> (Vec<u8>, bool) {
    let flags =
        TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_IGNORE_ADLER32;
    let mut state = Box::<DecompressorOxide>::default();
    let mut bytes = vec![0; (packed.len() * 2 + 64).min(limit)];
    let (mut rest, mut length) = (packed, 0);
    loop {
        let (status, read, wrote) = decompress(&mut state, rest, &mut bytes, length, flags);
        length += wrote;
        rest = rest.get(read..).unwrap_or_default();
        if status == TINFLStatus::HasMoreOutput && bytes.len() < limit {
            bytes.resize((bytes.len() * 2).min(limit), 0);
            continue;
        }
        bytes.truncate(length);
        return (bytes, status != TINFLStatus::HasMoreOutput);
    }
}

fn hex(packed: &[u8], limit: usize) -> Vec<u8> {
    let mut digits =
        packed.iter().take_while(|b| **b != b'>').filter_map(|b| crate::mail::hex_digit(*b)).take(limit * 2);
    let mut bytes = Vec::with_capacity(packed.len().min(limit * 2) / 2);
    while let Some(high) = digits.next() {
        bytes.push(high * 16 + digits.next().unwrap_or_default());
    }
    bytes
}

fn base_85(packed: &[u8], limit: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut group, mut held) = (0u32, 0usize);
    for b in packed {
        if bytes.len() >= limit {
            break;
        }
        match b {
            b'z' if held == 0 => bytes.extend([0; 4]),
            b'!'..=b'u' => {
                group = group.wrapping_mul(85).wrapping_add(u32::from(b - b'!'));
                held += 1;
                if held == 5 {
                    bytes.extend(group.to_be_bytes());
                    (group, held) = (0, 0);
                }
            }
            b'~' => break,
            _ => {}
        }
    }
    if held > 1 {
        for _ in held..5 {
            group = group.wrapping_mul(85).wrapping_add(84);
        }
        bytes.extend(group.to_be_bytes().iter().take(held - 1));
    }
    bytes
}

fn lzw(packed: &[u8], limit: usize) -> (Vec<u8>, bool) {
    const CLEAR: usize = 256;
    const END: usize = 257;
    // each entry is a stretch of what was written before
    let mut table: Vec<(usize, usize)> = Vec::new();
    let mut bytes: Vec<u8> = Vec::new();
    let (mut bits, mut held, mut width) = (0u32, 0u32, 9u32);
    let mut last: Option<(usize, usize)> = None;
    for b in packed {
        bits = bits << 8 | u32::from(*b);
        held += 8;
        if held < width {
            continue;
        }
        held -= width;
        let code = (bits >> held) as usize & ((1 << width) - 1);
        let start = bytes.len();
        match code {
            CLEAR => {
                table.clear();
                (width, last) = (9, None);
                continue;
            }
            END => return (bytes, true),
            0..CLEAR => bytes.push(code as u8),
            _ => {
                let known = table.get(code - 258).copied();
                // the entry that is just being made: the last one and its own first byte
                let Some((from, length)) = known.or(last.map(|(from, length)| (from, length + 1))) else {
                    return (bytes, true);
                };
                if start + length > limit {
                    return (bytes, false);
                }
                for at in from..from + length {
                    bytes.extend(bytes.get(at).copied());
                }
            }
        }
        if let Some((from, length)) = last
            && table.len() < 4096 - 258
        {
            table.push((from, length + 1));
        }
        last = Some((start, bytes.len() - start));
        width = match table.len() + 258 + 2 {
            0..=512 => 9,
            513..=1024 => 10,
            1025..=2048 => 11,
            _ => 12,
        };
        if bytes.len() >= limit {
            return (bytes, false);
        }
    }
    (bytes, true)
}

#[cfg(test)]
mod tests {
    use super::{super::object::Lexer, *};

    fn check(dict: &str, packed: &[u8], limit: usize, expected: &[u8], fully: bool) {
        let dict = Lexer::new(dict.as_bytes(), 0).next().unwrap();
        let (bytes, all) = unpack(dict.dict().unwrap(), packed, limit);
        assert_eq!((String::from_utf8_lossy(&bytes), all), (String::from_utf8_lossy(expected), fully));
    }

    #[test]
    fn each_packing_is_undone() {
        let flate = miniz_oxide::deflate::compress_to_vec_zlib(b"words", 6);
        check("<<>>", b"words", 100, b"words", true);
        check("<</Filter/FlateDecode>>", &flate, 100, b"words", true);
        check("<</Filter[/AHx]>>", b"77 6f7 26473>junk", 100, b"words", true);
        check("<</Filter/ASCII85Decode>>", b"GAhM4 Er~>", 100, b"words", true);
        let hex: String = flate.iter().map(|b| format!("{b:02x}")).collect();
        check("<</Filter[/ASCIIHexDecode/FlateDecode]>>", hex.as_bytes(), 100, b"words", true);
        // the standard's own example
        check(
            "<</Filter/LZWDecode>>",
            &[0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01],
            100,
            b"-----A---B",
            true,
        );
        check("<</Filter/DCTDecode>>", b"picture", 100, b"", false);
        let rows = miniz_oxide::deflate::compress_to_vec_zlib(b"\x00ab\x02\x01\x01\x01a\x01", 6);
        check("<</Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 2>>>>", &rows, 100, b"abbcab", true);
    }

    #[test]
    fn what_unpacks_to_too_much_is_cut_and_what_is_broken_read_to_there() {
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'x'; 1_000_000], 6);
        check("<</Filter/FlateDecode>>", &bomb, 10, b"xxxxxxxxxx", false);
        check("<<>>", b"words", 2, b"wo", false);
        let flate =
            miniz_oxide::deflate::compress_to_vec_zlib(b"many words in a row, many words in a row", 0);
        check("<</Filter/FlateDecode>>", &flate[..20], 100, b"many words in", true);
        let (bytes, _) = lzw(&[0x55; 1_000_000], 1000);
        assert!(bytes.len() <= 1000);
    }
}
