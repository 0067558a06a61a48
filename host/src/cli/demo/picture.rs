//! A PNG image in a terminal: two pixels a character.

use std::io::Cursor;

use super::super::paint::{can_draw, count, say};

/// An image of eight bits for red, green and blue.
pub(super) struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// Reads a PNG file of one image, whatever its colour type.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().ok()?;
        let mut buffer = vec![0; reader.output_buffer_size()?];
        let info = reader.next_frame(&mut buffer).ok()?;
        let samples = info.color_type.samples();
        let rgb = |pixel: &[u8]| match *pixel {
            [grey] | [grey, _] => [grey; 3],
            [red, green, blue, ..] => [red, green, blue],
            [] => [0; 3],
        };
        let pixels: Vec<_> = buffer.get(..info.buffer_size())?.chunks(samples).map(rgb).collect();
        let (width, height) = (info.width as usize, info.height as usize);
        (pixels.len() == width * height).then_some(Self { width, height, pixels })
    }

    /// Draws it where the terminal can show it; says in words what it is, and with `hint` how to
    /// keep it.
    pub(super) fn print(&self, bytes: usize, hint: bool) {
        if can_draw() {
            say!("{}", self.half_blocks());
        }
        let (width, height) = (self.width, self.height);
        let hint = if hint { " (--save PATH keeps it)" } else { "" };
        say!("   PNG {width} x {height}, {} bytes{hint}", count(bytes as u64));
    }

    // The upper half of a cell is the character's colour, the lower half its background.
    fn half_blocks(&self) -> String {
        let mut text = String::new();
        let rows: Vec<_> = self.pixels.chunks(self.width.max(1)).collect();
        for pair in rows.chunks(2) {
            text.push_str(if text.is_empty() { "   " } else { "\n   " });
            for (column, [red, green, blue]) in pair[0].iter().enumerate() {
                let below = pair.get(1).and_then(|row| row.get(column)).copied().unwrap_or([0; 3]);
                let [r, g, b] = below;
                text.push_str(&format!("\x1b[38;2;{red};{green};{blue};48;2;{r};{g};{b}m▀"));
            }
            text.push_str("\x1b[0m");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(colour: png::ColorType, data: &[u8], palette: Option<Vec<u8>>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 2, 2);
        encoder.set_color(colour);
        if let Some(palette) = palette {
            encoder.set_palette(palette);
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(data).unwrap();
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn pictures_of_each_colour_type_are_read() {
        let grey = Picture::read(&png(png::ColorType::Grayscale, &[1, 2, 3, 4], None)).unwrap();
        assert_eq!(grey.pixels, [[1; 3], [2; 3], [3; 3], [4; 3]]);
        let palette = Some(vec![9, 8, 7, 1, 2, 3]);
        let indexed = Picture::read(&png(png::ColorType::Indexed, &[0, 1, 1, 0], palette)).unwrap();
        assert_eq!(indexed.pixels, [[9, 8, 7], [1, 2, 3], [1, 2, 3], [9, 8, 7]]);
        assert!(Picture::read(b"no picture").is_none());
    }

    #[test]
    fn two_rows_are_one_line() {
        let grey = Picture::read(&png(png::ColorType::Grayscale, &[1, 2, 3, 4], None)).unwrap();
        let text = grey.half_blocks();
        assert_eq!(text.lines().count(), 1);
        assert_eq!(text, "   \x1b[38;2;1;1;1;48;2;3;3;3m▀\x1b[38;2;2;2;2;48;2;4;4;4m▀\x1b[0m");
    }
}
