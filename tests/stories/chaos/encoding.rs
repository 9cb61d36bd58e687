//! Encodings of bodies that compress nothing, so that any body can be sent in each of them. They never decode.

/// Makes a body of one.
type Encode = fn(&[u8]) -> Vec<u8>;

/// The encodings that the filter reads, by their names.
pub(super) const ENCODINGS: [(&str, Encode); 3] = [("gzip", gzip), ("br", brotli), ("zstd", zstd)];

/// What one block of each of them can hold at most, or a little less.
const BLOCK_BYTES: usize = 60_000;

/// Blocks of deflate that are stored as they are.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = body.chunks(BLOCK_BYTES).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).expect("a block is short");
        bytes.push(u8::from(blocks.peek().is_none()));
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(block);
    }
    bytes.extend(crc32fast::hash(body).to_le_bytes());
    bytes.extend(u32::try_from(body.len()).expect("a body is short").to_le_bytes());
    bytes
}

/// RFC 7932: a window of 16 bits, uncompressed meta-blocks, and an empty last one.
fn brotli(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    // The bit of the window goes before the first header.
    let mut bits = Bits::default();
    bits.push(0, 1);
    for block in body.chunks(BLOCK_BYTES) {
        bits.push(0, 1); // ISLAST
        bits.push(0, 2); // MNIBBLES: 4
        bits.push(u32::try_from(block.len() - 1).expect("a block is short"), 16);
        bits.push(1, 1); // ISUNCOMPRESSED
        bytes.extend(std::mem::take(&mut bits).bytes());
        bytes.extend(block);
    }
    bits.push(0b11, 2); // ISLAST, ISLASTEMPTY
    bytes.extend(bits.bytes());
    bytes
}

/// RFC 8878: a frame of raw blocks whose size is in its head.
fn zstd(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a body is short");
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1010_0000];
    bytes.extend(length.to_le_bytes());
    let mut blocks = body.chunks(BLOCK_BYTES).peekable();
    while let Some(block) = blocks.next() {
        let head = u32::try_from(block.len()).expect("a block is short") << 3;
        let head = head | u32::from(blocks.peek().is_none());
        bytes.extend(&head.to_le_bytes()[..3]);
        bytes.extend(block);
    }
    bytes
}

/// Bits, the lowest of each byte first.
#[derive(Default)]
struct Bits {
    value: u64,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        self.value |= u64::from(value) << self.count;
        self.count += count;
    }

    fn bytes(self) -> Vec<u8> {
        self.value.to_le_bytes()[..self.count.div_ceil(8) as usize].to_vec()
    }
}
