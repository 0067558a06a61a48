//! Products in bf16 against sums made number by number, of all sizes around those of tiles.

use super::*;
use crate::random::{Random, bell};

/// Whole numbers that bf16 has, so that every order of summing gives the same.
fn whole(random: &mut Random, count: usize) -> Vec<f32> {
    (0..count).map(|_| random.below(255) as f32 - 127.0).collect()
}

fn left(numbers: &[f32], columns: usize) -> Tiles {
    let mut tiles = Tiles::default();
    tiles.take(numbers, columns);
    tiles
}

fn packed(numbers: &[f32], columns: usize) -> Packed {
    let mut packed = Packed::default();
    packed.take(numbers, columns);
    packed
}

/// Rows and columns of the result, and the depth of the sums.
const SIZES: [[usize; 3]; 9] = [
    [1, 1, 1],
    [5, 3, 7],
    [16, 16, 32],
    [17, 33, 31],
    [32, 32, 64],
    [33, 48, 65],
    [47, 64, 96],
    [64, 31, 33],
    [96, 160, 130],
];

fn supported() -> impl Iterator<Item = Products> {
    [Products::Single, Products::Avx512, Products::Amx].into_iter().filter(|p| p.is_supported())
}

#[test]
fn products_are_the_sums_of_products_at_every_size() {
    for products in supported() {
        let mut random = Random::named(1, "products");
        for [rows, columns, depth] in SIZES {
            let a = whole(&mut random, rows * depth);
            let weights = whole(&mut random, columns * depth);
            let before = whole(&mut random, rows * columns);
            for add in [false, true] {
                let mut out = before.clone();
                let right = packed(&weights, depth);
                let a_tiles = left(&a, depth);
                let b = &right.forward;
                Product { a: &a_tiles, from: 0, b, columns, add }.compute(products, &mut out);
                for (at, found) in out.iter().enumerate() {
                    let (row, column) = (at / columns, at % columns);
                    let (a, b) = (&a[row * depth..][..depth], &weights[column * depth..][..depth]);
                    let sum: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                    let wanted = if add { before[at] + sum } else { sum };
                    assert_eq!(*found, wanted, "{products:?} {rows} {columns} {depth} {at} {add}");
                }
            }
        }
    }
}

#[test]
fn a_packed_matrix_also_multiplies_untransposed() {
    for products in supported() {
        let mut random = Random::named(2, "products");
        for [rows, columns, depth] in SIZES {
            let a = whole(&mut random, rows * depth);
            let b = whole(&mut random, depth * columns);
            let mut out = vec![0.0; rows * columns];
            let right = packed(&b, columns);
            let a_tiles = left(&a, depth);
            let product = Product { a: &a_tiles, from: 0, b: &right.back, columns, add: false };
            product.compute(products, &mut out);
            for (at, found) in out.iter().enumerate() {
                let row = &a[at / columns * depth..][..depth];
                let column = b[at % columns..].iter().step_by(columns);
                let wanted: f32 = row.iter().zip(column).map(|(a, b)| a * b).sum();
                assert_eq!(*found, wanted, "{products:?} {rows} {columns} {depth} {at}");
            }
        }
    }
}

#[test]
fn the_columns_of_two_matrices_are_multiplied() {
    for products in supported() {
        let mut random = Random::named(3, "products");
        let (mut across, mut right) = (Tiles::default(), Tiles::default());
        for [rows, columns, depth] in SIZES {
            let a = whole(&mut random, depth * rows);
            let b = whole(&mut random, depth * columns);
            across.resize(round_up(rows), depth);
            right.resize(round_up(columns), depth);
            // In parts, as the passes do.
            for from in (0..depth).step_by(2 * DEPTH) {
                let to = depth.min(from + 2 * DEPTH);
                left(&a[from * rows..to * rows], rows).pair(from, true, &mut across);
                left(&b[from * columns..to * columns], columns).pair(from, false, &mut right);
            }
            let mut out = vec![0.0; rows * columns];
            let product = Product { a: &across, from: 0, b: &right, columns, add: false };
            product.compute(products, &mut out);
            for (at, found) in out.iter().enumerate() {
                let one = a[at / columns..].iter().step_by(rows);
                let other = b[at % columns..].iter().step_by(columns);
                let wanted: f32 = one.zip(other).map(|(a, b)| a * b).sum();
                assert_eq!(*found, wanted, "{products:?} {rows} {columns} {depth} {at}");
            }
        }
    }
}

#[test]
fn lines_and_pairs_are_the_same_with_and_without_intrinsics() {
    let mut random = Random::named(6, "products");
    for columns in [1, 31, 32, 33, 96] {
        let numbers: Vec<f32> = (0..64 * columns).map(|_| bell(&mut random)).collect();
        let mut tiles = left(&numbers, columns);
        let mut plain = tiles.clone();
        plain.clear_from(0);
        let depth = plain.depth;
        for (at, row) in numbers.chunks_exact(columns).enumerate() {
            tiles.put((at, 0), row, 0.7);
            let of_row = &mut plain.tiles_mut()[at / SIDE * depth..][..depth];
            tile::put_plain(of_row, at % SIDE, row, 0.7);
        }
        let bits = |tiles: &Tiles| tiles.tiles().iter().flat_map(|t| t.0).collect::<Vec<_>>();
        assert_eq!(bits(&tiles), bits(&plain), "{columns}");
        for transposed in [false, true] {
            let mut out = Tiles::default();
            out.resize(round_up(columns), 64);
            tiles.pair(0, transposed, &mut out);
            let (mut one, mut other) = (out.tiles()[0], out.tiles()[2]);
            let from = [&tiles.tiles()[0], &tiles.tiles()[depth]];
            tile::pair_plain(from, transposed, [&mut one, &mut other]);
            assert_eq!([one.0, other.0], [out.tiles()[0].0, out.tiles()[2].0], "{columns}");
        }
    }
}

#[test]
fn some_of_the_rows_are_multiplied() {
    for products in supported() {
        let mut random = Random::named(5, "products");
        let (a, b) = (whole(&mut random, 80 * 40), whole(&mut random, 24 * 40));
        let (a, b) = (left(&a, 40), packed(&b, 40).forward);
        let mut all = vec![0.0; 80 * 24];
        Product { a: &a, from: 0, b: &b, columns: 24, add: false }.compute(products, &mut all);
        let mut some = vec![0.0; 30 * 24];
        Product { a: &a, from: 48, b: &b, columns: 24, add: false }.compute(products, &mut some);
        assert_eq!(some, all[48 * 24..78 * 24]);
    }
}

#[test]
fn fewer_rows_leave_nothing_of_those_before() {
    let mut tiles = Tiles::default();
    tiles.take(&[1.0; 40 * 3], 3);
    tiles.take(&[1.0; 34 * 3], 3);
    let ones =
        tiles.tiles().iter().flat_map(|tile| tile.0.as_flattened()).filter(|bits| **bits != 0);
    assert_eq!(ones.count(), 34 * 3);
}

#[test]
fn bf16_is_the_nearest_and_ties_are_even() {
    for (x, wanted) in [
        (1.0, 0x3f80),
        (1.0 + 1.0 / 256.0, 0x3f80),
        (1.0 + 3.0 / 256.0, 0x3f82),
        (1.004, 0x3f81),
        (-127.0, 0xc2fe),
        (f32::INFINITY, 0x7f80),
    ] {
        assert_eq!(tile::bf16(x), wanted, "{x}");
    }
}

/// Kinds of work are compiled for each width, and must do the same in each.
#[test]
fn wide_registers_change_no_bit() {
    struct Sums<'a>(&'a [f32], &'a mut Vec<f32>);
    impl Work for Sums<'_> {
        #[inline(always)]
        fn run(self) {
            let pairs = self.0.as_chunks::<2>().0.iter();
            self.1.extend(pairs.map(|[a, b]| a.mul_add(*b, a * b - b)));
        }
    }
    let numbers: Vec<f32> = (1..200).map(|at| 1.0 / at as f32).collect();
    let (mut narrow, mut wider) = (Vec::new(), Vec::new());
    Sums(&numbers, &mut narrow).run();
    wide(Sums(&numbers, &mut wider));
    assert_eq!(narrow, wider);
}
