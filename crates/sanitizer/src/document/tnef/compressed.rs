//! Rich text as Outlook packs it (MS-OXRTFCP).

/// The window of the packing: it begins with what most texts have.
const WINDOW: usize = 4096;
const BEGINNING: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// The text as it was, up to a limit; where the packing is broken, to there.
pub(super) fn unpack(packed: &[u8], limit: usize) -> Option<Vec<u8>> {
    let (header, mut rest) = packed.split_at_checked(16)?;
    match header.get(8..12)? {
        b"MELA" => return Some(rest.get(..limit).unwrap_or(rest).to_vec()),
        b"LZFu" => {}
        _ => return None,
    }
    let mut window = [b' '; WINDOW];
    for (place, b) in window.iter_mut().zip(BEGINNING) {
        *place = *b;
    }
    let mut at = BEGINNING.len();
    let mut text = Vec::new();
    let mut put = |b: u8, at: &mut usize, window: &mut [u8; WINDOW]| {
        text.push(b);
        if let Some(place) = window.get_mut(*at) {
            *place = b;
        }
        *at = (*at + 1) % WINDOW;
        text.len() < limit
    };
    'all: while let Some((flags, after)) = rest.split_first() {
        rest = after;
        for bit in 0..8 {
            if flags >> bit & 1 == 0 {
                let Some((b, after)) = rest.split_first() else { break 'all };
                rest = after;
                if !put(*b, &mut at, &mut window) {
                    break 'all;
                }
                continue;
            }
            let [high, low, after @ ..] = rest else { break 'all };
            rest = after;
            let reference = usize::from(u16::from_be_bytes([*high, *low]));
            let (from, length) = (reference >> 4, (reference & 15) + 2);
            if from == at {
                break 'all;
            }
            for step in 0..length {
                let b = window.get((from + step) % WINDOW).copied().unwrap_or(b' ');
                if !put(b, &mut at, &mut window) {
                    break 'all;
                }
            }
        }
    }
    Some(text)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn packed_as_it_is(text: &[u8]) -> Vec<u8> {
        let length = (text.len() as u32).to_le_bytes();
        [&length[..], &length, b"MELA", &[0; 4], text].concat()
    }

    #[test]
    fn the_examples_of_the_standard_are_unpacked() {
        let simple = "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0";
        let crossing = "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0";
        for (packed, text) in [
            (simple, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"),
            (crossing, "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"),
        ] {
            let packed: Vec<u8> = (0..packed.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&packed[at..at + 2], 16).unwrap())
                .collect();
            assert_eq!(String::from_utf8(unpack(&packed, 1000).unwrap()).unwrap(), text);
            for length in 0..packed.len() {
                let _ = unpack(&packed[..length], 1000);
            }
        }
        assert_eq!(unpack(&packed_as_it_is(b"{\\rtf1 a}"), 1000).unwrap(), b"{\\rtf1 a}");
        assert_eq!(unpack(b"", 1000), None);
    }

    #[test]
    fn what_unpacks_to_too_much_is_cut() {
        let packed = [&[0; 8][..], b"LZFu", &[0; 4], &[0xff, 0, 15].repeat(6_000)].concat();
        assert_eq!(unpack(&packed, 1000).unwrap().len(), 1000);
    }
}
