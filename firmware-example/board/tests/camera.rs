//! The camera's stream against an independent decoder.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use trine_board::camera::{Picture, Scene, Size};
use trine_board::{Greenhouse, SimHardware, Valve};

/// A board on which everything is switched on.
fn busy_board() -> Greenhouse<SimHardware> {
    let mut board = Greenhouse::new(SimHardware::new());
    board.tick(0);
    board.light_set(None, true, 80).unwrap();
    board.fan_set(60).unwrap();
    board.climate_heat(300).unwrap();
    board.vent_move(60).unwrap();
    for valve in Valve::ALL {
        board.valve_open(valve, 60).unwrap();
    }
    for now_ms in (0..4_000).step_by(10) {
        board.tick(now_ms);
    }
    board
}

/// The whole file, read in chunks of `chunk` bytes.
fn file(picture: &mut Picture, chunk: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let mut part = vec![0; chunk];
    loop {
        let count = picture.read(file.len() as u32, &mut part);
        if count == 0 {
            return file;
        }
        file.extend_from_slice(&part[..count]);
    }
}

/// Pixels as palette indices, and the palette, from the `png` crate (which checks every checksum).
fn decoded(file: &[u8]) -> (png::OutputInfo, Vec<u8>, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(png::Transformations::IDENTITY);
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().unwrap();
    let palette = reader.info().palette.clone().unwrap().into_owned();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    reader.finish().unwrap();
    (info, pixels, palette)
}

#[test]
fn every_chunk_size_gives_the_same_file_and_it_decodes() {
    let scene = Scene::of(&busy_board());
    for size in [Size::Small, Size::Large] {
        let whole = file(&mut Picture::new(scene, size), 1 << 16);
        assert_eq!(whole.len(), size.file_bytes() as usize);
        for chunk in [1, 7, 64, 200, 1_021] {
            assert_eq!(file(&mut Picture::new(scene, size), chunk), whole, "chunks of {chunk}");
        }
        let (info, pixels, palette) = decoded(&whole);
        assert_eq!((info.width, info.height), (size.width(), size.height()));
        assert_eq!(info.color_type, png::ColorType::Indexed);
        assert!(pixels.iter().all(|&pixel| usize::from(pixel) < palette.len() / 3));
        let mut used = pixels.clone();
        used.sort_unstable();
        used.dedup();
        assert!(used.len() > 35, "only {} colours are used", used.len());
    }
}

#[test]
fn a_chunk_may_be_read_again_and_out_of_order() {
    let scene = Scene::of(&busy_board());
    let mut picture = Picture::new(scene, Size::Small);
    let whole = file(&mut picture, 333);
    let mut part = [0; 100];
    for offset in [0, 3_000, 50, 3_000, 1_234] {
        let count = picture.read(offset, &mut part);
        assert_eq!(part[..count], whole[offset as usize..][..count]);
    }
    let end = picture.len();
    assert_eq!(picture.read(end - 3, &mut part), 3);
    assert_eq!(picture.read(end, &mut part), 0);
    assert_eq!(picture.read(u32::MAX, &mut part), 0);
}

#[test]
fn the_picture_shows_the_state_of_the_board() {
    let mut board = Greenhouse::new(SimHardware::new());
    for now_ms in 0..500 {
        board.tick(now_ms);
    }
    let shot = |board: &Greenhouse<SimHardware>| {
        decoded(&file(&mut Picture::new(Scene::of(board), Size::Large), 512))
    };
    let (_, still, day) = shot(&board);
    board.light_set(None, true, 100).unwrap();
    let (_, lit, lit_palette) = shot(&board);
    assert_ne!((&still, &day), (&lit, &lit_palette));
    board.light_set(None, false, 100).unwrap();

    board.vent_move(90).unwrap();
    board.valve_open(Valve::North, 1_800).unwrap();
    for now_ms in 500..2_500 {
        board.tick(now_ms);
    }
    let (_, open, _) = shot(&board);
    // The open flap stands above the ridge, where there was sky; water falls under the nozzle.
    let differs = |rows: core::ops::Range<usize>, columns: core::ops::Range<usize>| {
        rows.flat_map(|y| columns.clone().map(move |x| y * 160 + x))
            .filter(|&at| still[at] != open[at])
            .count()
    };
    assert!(differs(4..22, 85..105) > 20, "the vent");
    assert!(differs(60..85, 45..75) > 20, "the water");
    assert_eq!(differs(94..103, 80..101), 0, "the board's own face");
}
