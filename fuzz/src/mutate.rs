//! Mutation: inputs made of those that were accepted.

use fastrand::Rng;

use crate::targets::Target;

/// Inputs stay of a length that people write, and a little more.
const LONGEST: usize = 200;

/// An input that is kept, changed in one place or some.
pub(crate) fn mutated(target: &Target, kept: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let chosen = kept[rng.usize(..kept.len())].clone();
    if target.is_binary {
        return mutated_bytes(target, chosen, rng);
    }
    let other = String::from_utf8_lossy(&kept[rng.usize(..kept.len())]).into_owned();
    let text = String::from_utf8(chosen).expect("what is kept was a text");
    mutated_text(target, text, &other, rng).into_bytes()
}

fn mutated_text(target: &Target, mut text: String, other: &str, rng: &mut Rng) -> String {
    for _ in 0..rng.usize(0..4) {
        let (from, to) = (boundary(&text, rng), boundary(&text, rng));
        let (from, to) = (from.min(to), from.max(to));
        let piece = target.pieces[rng.usize(..target.pieces.len())];
        match rng.u8(0..7) {
            0 => text.insert_str(from, piece),
            1 if to - from < 4 => text.replace_range(from..to, piece),
            2 if to - from < 4 => text.replace_range(from..to, ""),
            3 => {
                // A field of another text in place of one of this.
                let others: Vec<_> = other.split_whitespace().collect();
                let mut fields: Vec<_> = text.split_whitespace().collect();
                if !fields.is_empty() && !others.is_empty() {
                    let at = rng.usize(..fields.len());
                    fields[at] = others[if at < others.len() { at } else { 0 }];
                    text = fields.join(" ");
                }
            }
            4 => text.insert_str(from, &rng.u32(0..70).to_string()),
            5 if text.len() < LONGEST / 2 => text.insert_str(from, other),
            _ => text.insert_str(from, &format!(",{}", rng.u32(0..32))),
        }
        if text.len() > LONGEST {
            text.truncate(boundary(&text, rng));
        }
    }
    text
}

fn mutated_bytes(target: &Target, mut bytes: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    for _ in 0..rng.usize(0..4) {
        let at = rng.usize(..=bytes.len());
        match rng.u8(0..6) {
            0 => {
                let piece = target.pieces[rng.usize(..target.pieces.len())];
                bytes.splice(at..at, piece.bytes());
            }
            1 => bytes.insert(at, rng.u8(..)),
            2 if at < bytes.len() => bytes[at] = rng.u8(..),
            3 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(0..8),
            4 if at < bytes.len() => drop(bytes.remove(at)),
            // More of the same: several frames, or a longer payload.
            _ if bytes.len() < LONGEST => {
                let seed = target.seeds[rng.usize(..target.seeds.len())];
                bytes.splice(at..at, seed.iter().copied());
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// A place between two characters.
fn boundary(text: &str, rng: &mut Rng) -> usize {
    text.floor_char_boundary(rng.usize(..=text.len()))
}
