//! Names of cities, people, works and dishes from public lists, for parameters that are copied.
//!
//! The lists are those of `dariusk/corpora` (CC0) and `world-cities.csv` of
//! `datasets/world-cities`, out of
//! `GeoNames` (CC BY 4.0). A folder of them is never part of this repository.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::error::{Error, Result};

/// Longest name in bytes.
const LONGEST: usize = 40;

/// Which list has names for which parameter of the SNIPS tools: the file, and the key that its
/// names stand under; without one they are the texts of lists.
const LISTS: &[(&str, &str, &str)] = &[
    ("city", "us_cities.json", "city"),
    ("city", "canadian_municipalities.json", "name"),
    ("city", "english_towns_cities.json", ""),
    ("city", "us_state_capitals.json", "capital"),
    ("state", "us_state_capitals.json", "state"),
    ("country", "countries.json", ""),
    ("artist", "rock_hall_of_fame.json", "name"),
    ("artist", "mtv_day_one.json", "artist"),
    ("artist", "celebrities.json", ""),
    ("artist", "britishActors.json", ""),
    ("track", "mtv_day_one.json", "song"),
    ("track", "bestsellers.json", "title"),
    ("album", "mtv_day_one.json", "song"),
    ("album", "popular-movies.json", ""),
    ("album", "bestsellers.json", "title"),
    ("entity_name", "mtv_day_one.json", "song"),
    ("entity_name", "bestsellers.json", "title"),
    ("playlist", "genres.json", ""),
    ("object_name", "tv_shows.json", ""),
    ("object_name", "bestsellers.json", "title"),
    ("object_name", "popular-movies.json", ""),
    ("object_name", "mtv_day_one.json", "song"),
    ("object_name", "rpg_games.json", ""),
    ("object_name", "board_games.json", ""),
    ("movie_name", "popular-movies.json", ""),
    ("movie_name", "bestsellers.json", "title"),
    ("movie_name", "tv_shows.json", ""),
    ("served_dish", "menuItems.json", ""),
    ("served_dish", "sandwiches.json", "name"),
    ("restaurant_name", "famousDuos.json", ""),
    ("served_dish", "iba_cocktails.json", ""),
    ("geographic_poi", "nyc_neighborhood_zips.json", "neighborhood"),
    ("poi", "nyc_neighborhood_zips.json", "neighborhood"),
    ("genre", "genres.json", ""),
    ("playlist_owner", "firstNames.json", ""),
];

/// The names of a folder, by parameter.
///
/// # Errors
/// When a list is missing or cannot be read.
pub fn load(folder: &Path) -> Result<Vec<(String, Vec<String>)>> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for (param, file, key) in LISTS {
        let path = folder.join(file);
        let text = fs::read_to_string(&path).map_err(|error| Error::read(&path, error))?;
        let json = serde_json::from_str(&text);
        let json: Json = json.map_err(|error| Error::from(error).at(path.display()))?;
        let mut names = Vec::new();
        collect(&json, key, false, &mut names);
        place(&mut all, param).extend(names);
    }
    let path = folder.join("world-cities.csv");
    let text = fs::read_to_string(&path).map_err(|error| Error::read(&path, error))?;
    // Every fourth: the world's would else drown those of the other lists, which are nearer to what
    // the sentences name.
    let lines = text.lines().skip(1).step_by(4);
    let cities = lines.filter_map(|line| plain(line.split(',').next()?));
    place(&mut all, "city").extend(cities);
    for (_, names) in &mut all {
        names.sort();
        names.dedup();
    }
    Ok(all)
}

fn place<'n>(all: &'n mut Vec<(String, Vec<String>)>, param: &str) -> &'n mut Vec<String> {
    let at = all.iter().position(|(name, _)| name == param).unwrap_or_else(|| {
        all.push((param.to_owned(), Vec::new()));
        all.len() - 1
    });
    &mut all[at].1
}

/// The texts under a key, or without one those that stand in lists.
fn collect(json: &Json, key: &str, is_wanted: bool, names: &mut Vec<String>) {
    match json {
        Json::String(text) if is_wanted => names.extend(plain(text)),
        Json::Array(items) => {
            items.iter().for_each(|item| collect(item, key, key.is_empty() || is_wanted, names));
        }
        Json::Object(fields) => {
            for (name, value) in fields {
                collect(value, key, !key.is_empty() && name == key, names);
            }
        }
        _ => {}
    }
}

/// A name as it would be said: lower case, without what stands in brackets, words alone ("o brien",
/// as SNIPS writes them).
fn plain(text: &str) -> Option<String> {
    let text = text.split('(').next()?.to_lowercase();
    let fits = (2..=LONGEST).contains(&text.trim().len()) && !text.contains(['/', '"', '{']);
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '&');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    (fits && !words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_lists_and_under_keys() {
        let json = serde_json::json!({"description": "x y",
            "list": ["Casablanca (1942)", "Ocean's 11"],
            "areas": [{"name": "New York", "state": "NY"}]});
        let mut names = Vec::new();
        collect(&json, "", false, &mut names);
        assert_eq!(names, ["casablanca", "ocean s 11"]);
        names.clear();
        collect(&json, "name", false, &mut names);
        assert_eq!(names, ["new york"]);
    }
}
