//! The picture that `camera_snap` returns.

/// Draws a plant bed and encodes it as PNG.
///
/// # Errors
///
/// Only when the encoder refuses the size, which is one of two constants.
pub(crate) fn plant_bed(width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            pixels.push(shade(x, y, height));
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// Sky above, earth below, and a stalk in every twelfth column.
fn shade(x: u32, y: u32, height: u32) -> u8 {
    let stalk = x % 12 == 6 && y > height / 3;
    let earth = y > height * 3 / 4;
    match (stalk, earth) {
        (true, _) => 200,
        (false, true) => 60,
        (false, false) => 120,
    }
}
