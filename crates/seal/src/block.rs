//! The padding: `00 02`, at least eight random bytes that are not zero, `00`, the data.

use zeroize::Zeroizing;

use crate::Error;

/// Bytes of a block that no data can take.
pub(crate) const OVERHEAD: usize = 11;

/// Attempts at the random bytes. One byte in 256 is zero, so two are nearly always enough; none is enough when the
/// source is broken.
const DRAWS: usize = 8;

/// A block of `size` bytes around `data`, which the caller knows to fit.
pub(crate) fn pad(
    size: usize,
    data: &[u8],
    random: impl FnMut(&mut [u8]),
) -> Result<Zeroizing<Vec<u8>>, Error> {
    // Of full size from the start: a buffer that grows leaves copies behind.
    let mut block = Zeroizing::new(Vec::with_capacity(size));
    block.extend_from_slice(&[0, 2]);
    block.extend_from_slice(&non_zero(size.saturating_sub(data.len() + 3), random)?);
    block.push(0);
    block.extend_from_slice(data);
    Ok(block)
}

/// Random bytes that are not zero. As secret as the data: who knows them can try out guesses.
fn non_zero(count: usize, mut random: impl FnMut(&mut [u8])) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(count));
    let mut drawn = Zeroizing::new(vec![0; count]);
    for _ in 0..DRAWS {
        random(&mut drawn);
        let missing = count - bytes.len();
        bytes.extend(drawn.iter().copied().filter(|byte| *byte != 0).take(missing));
        if bytes.len() == count {
            return Ok(bytes);
        }
    }
    Err(Error::NoRandomness)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_zero_two_padding_zero_data() {
        let block = pad(16, b"abc", |bytes| bytes.fill(7)).unwrap();
        assert_eq!(*block, [0, 2, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, b'a', b'b', b'c']);
    }

    #[test]
    fn zeros_of_the_source_are_left_out_and_drawn_again() {
        let mut next = 0_u8;
        let counting = |bytes: &mut [u8]| {
            for byte in bytes {
                *byte = next % 3;
                next = next.wrapping_add(1);
            }
        };
        let block = pad(13, b"", counting).unwrap();
        assert_eq!(*block, [0, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 0]);
    }

    #[test]
    fn a_source_that_gives_only_zeros_is_an_error_and_not_an_endless_loop() {
        assert_eq!(pad(64, b"abc", |_| {}), Err(Error::NoRandomness));
    }
}
