//! Items that are made once and lent.

use core::cell::{Cell, RefCell, RefMut};
use core::fmt;
use core::ops::{Deref, DerefMut};

use crate::{Error, Table};

/// `N` items, such as buffers of messages, that are lent one by one and come back when they are
/// dropped, also while a panic unwinds.
///
/// It is for one context; lent items point to it.
///
/// ```
/// use trine_resources::{Error, ItemPool, Table};
///
/// let pool = ItemPool::new([[0_u8; 64]; 2]);
/// let mut message = pool.acquire()?;
/// message[0] = 7;
/// let other = pool.acquire()?;
/// assert_eq!(pool.acquire().err(), Some(Error::Full(Table::Items)));
/// drop(other);
/// assert_eq!((pool.free(), pool.high_water()), (1, 2));
/// # Ok::<(), Error>(())
/// ```
pub struct ItemPool<T, const N: usize> {
    items: [RefCell<T>; N],
    lent: Cell<usize>,
    high_water: Cell<usize>,
}

impl<T, const N: usize> ItemPool<T, N> {
    /// A pool of these items.
    #[must_use]
    pub fn new(items: [T; N]) -> Self {
        let items = items.map(RefCell::new);
        Self { items, lent: Cell::new(0), high_water: Cell::new(0) }
    }

    /// Lends an item, as its last user left it.
    ///
    /// # Errors
    /// [`Error::Full`] when all are lent.
    pub fn acquire(&self) -> Result<Pooled<'_, T>, Error> {
        let mut free = self.items.iter().filter_map(|item| item.try_borrow_mut().ok());
        let item = free.next().ok_or(Error::Full(Table::Items))?;
        self.lent.set(self.lent.get() + 1);
        self.high_water.set(self.high_water.get().max(self.lent.get()));
        Ok(Pooled { item, lent: &self.lent })
    }

    /// Items that are free.
    #[must_use]
    pub const fn free(&self) -> usize {
        N - self.lent.get()
    }

    /// The most items that were lent at once so far.
    #[must_use]
    pub const fn high_water(&self) -> usize {
        self.high_water.get()
    }

    /// Clears each item that is free; answers how many.
    pub fn clear(&self, mut clear: impl FnMut(&mut T)) -> usize {
        let free = self.items.iter().filter_map(|item| item.try_borrow_mut().ok());
        free.map(|mut item| clear(&mut item)).count()
    }
}

impl<T, const N: usize> fmt::Debug for ItemPool<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemPool").field("size", &N).field("free", &self.free()).finish()
    }
}

/// An item that is lent until this is dropped.
pub struct Pooled<'p, T> {
    item: RefMut<'p, T>,
    lent: &'p Cell<usize>,
}

impl<T> Deref for Pooled<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T> DerefMut for Pooled<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.item
    }
}

impl<T> Drop for Pooled<'_, T> {
    fn drop(&mut self) {
        // The item itself is free again when its field is dropped, right after this.
        self.lent.set(self.lent.get() - 1);
    }
}

impl<T: fmt::Debug> fmt::Debug for Pooled<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pooled").field(&**self).finish()
    }
}
