//! Names of devices, by `VENDOR/PRODUCT/SERIAL`, or by the serial number alone.

use std::fs;
use std::io::ErrorKind;

use toml_edit::{DocumentMut, Item, Table, value};
use trine_descriptor::check::name_is_legal;

use super::Settings;
use crate::error::{Error, Result};

const FILE: &str = "aliases.toml";
const TABLE: &str = "aliases";

/// A name that the user has given to the device of a serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// `VENDOR/PRODUCT/SERIAL` as [`DeviceId::text`](super::DeviceId::text) has it, or the serial
    /// number alone.
    pub serial: String,
    /// Its name.
    pub name: String,
}

impl Settings {
    /// The names, in the order of the file.
    ///
    /// # Errors
    /// When the file cannot be read or says something that it may not say.
    pub fn aliases(&self) -> Result<Vec<Alias>> {
        let document = self.document()?;
        let Some(table) = document.get(TABLE).and_then(Item::as_table_like) else {
            return Ok(Vec::new());
        };
        let mut all: Vec<Alias> = Vec::new();
        for (serial, name) in table.iter() {
            let name = name.as_str().ok_or_else(|| Error::Setting {
                file: FILE,
                key: serial.to_owned(),
                expected: "text",
                advice: "put the name in quotation marks",
            })?;
            check(name)?;
            if let Some(other) = all.iter().find(|other| other.name == name) {
                return Err(Error::DuplicateAlias {
                    file: FILE,
                    name: name.to_owned(),
                    one: other.serial.clone(),
                    two: serial.to_owned(),
                });
            }
            all.push(Alias { serial: serial.to_owned(), name: name.to_owned() });
        }
        Ok(all)
    }

    /// Gives the device of a serial number a name, in the place of the one that it may have.
    ///
    /// # Errors
    /// When no tool's name could start so, when another device has the name, or when the file
    /// cannot be written.
    pub fn set_alias(&self, serial: &str, name: &str) -> Result<()> {
        check(name)?;
        if serial.is_empty() {
            return Err(Error::NoSerial);
        }
        let taken = self.aliases()?;
        if let Some(other) = taken.iter().find(|other| other.name == name && other.serial != serial)
        {
            let (name, serial) = (name.to_owned(), other.serial.clone());
            return Err(Error::AliasTaken { name, serial });
        }
        let mut document = self.document()?;
        let table = document.entry(TABLE).or_insert(Item::Table(Table::new()));
        let table = table.as_table_like_mut().ok_or_else(no_table)?;
        table.insert(serial, value(name));
        self.write(&document)
    }

    /// Takes the name of a device away; `false` when there was none. `which` is name or number.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn remove_alias(&self, which: &str) -> Result<bool> {
        let all = self.aliases()?;
        let Some(alias) = all.iter().find(|one| one.name == which || one.serial == which) else {
            return Ok(false);
        };
        let mut document = self.document()?;
        let table = document.get_mut(TABLE).and_then(Item::as_table_like_mut);
        table.ok_or_else(no_table)?.remove(&alias.serial);
        self.write(&document)?;
        Ok(true)
    }

    fn document(&self) -> Result<DocumentMut> {
        let Some(path) = self.path(FILE) else { return Ok(DocumentMut::new()) };
        match fs::read_to_string(&path) {
            Ok(text) => text.parse().map_err(|source| Error::Toml { path, source }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(DocumentMut::new()),
            Err(error) => Err(Error::read(path, error)),
        }
    }

    fn write(&self, document: &DocumentMut) -> Result<()> {
        let path = self.path(FILE).ok_or(Error::NoFolder)?;
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder
            .and_then(|()| fs::write(&path, document.to_string()))
            .map_err(|error| Error::write(&path, error))
    }
}

fn check(name: &str) -> Result<()> {
    if name_is_legal(name) {
        return Ok(());
    }
    Err(Error::DeviceName { name: name.to_owned() })
}

fn no_table() -> Error {
    let (key, advice) = (TABLE.to_owned(), "write [aliases]");
    Error::Setting { file: FILE, key, expected: "table", advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_by_serial_number_and_belong_to_one_device() {
        let folder = std::env::temp_dir().join(format!("trine-aliases-{}", std::process::id()));
        let settings = Settings::in_folder(&folder);
        assert_eq!(settings.aliases().unwrap(), []);
        settings.set_alias("A 1", "north").unwrap();
        settings.set_alias("B2", "south").unwrap();
        settings.set_alias("A 1", "east").unwrap();
        let said = settings.set_alias("B2", "east").unwrap_err().to_string();
        assert!(said.contains("A 1") && said.contains("'east'"), "{said}");
        let said = settings.set_alias("B2", "a b").unwrap_err().to_string();
        assert!(said.contains("'a b'"), "{said}");
        let names: Vec<_> = settings.aliases().unwrap().into_iter().map(|a| a.name).collect();
        assert_eq!(names, ["east", "south"]);
        assert!(settings.remove_alias("east").unwrap() && settings.remove_alias("B2").unwrap());
        assert!(!settings.remove_alias("east").unwrap());
        fs::write(folder.join(FILE), "aliases = 3").unwrap();
        assert!(settings.set_alias("A1", "x").unwrap_err().to_string().contains("not a table"));
        fs::remove_dir_all(folder).unwrap();
    }
}
