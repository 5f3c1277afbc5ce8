//! [`Slots`]: where tasks live, found by number and in pages that come and go.
//!
//! A vector of slots would be moved as a whole when it grows, which takes milliseconds with a million
//! tasks, and would give nothing back while a single late task sits at its end. So the slots come in
//! pages: a page is filled before the next one is begun, slots that have become free are used
//! again, and a page whose slots are all free is given back (but for one, so that a task that comes
//! and goes at the edge of a page does not make and drop it each time).

use std::collections::BTreeSet;
use std::mem;

use crate::prefetch::Location;

/// How many slots a page has.
const PAGE: usize = 256;

/// A collection of items by number. The number of an item stays until it is removed, and is then
/// used again.
#[derive(Debug)]
pub(super) struct Slots<T> {
    pages: Vec<Page<T>>,

    /// The page that is being filled.
    current: Option<usize>,

    /// The other pages that have slots and room. The lowest is filled first, so that the highest are
    /// more likely to become empty.
    open: BTreeSet<usize>,

    /// The pages that have been given back.
    absent: Vec<usize>,

    /// The page that is kept though it has no items.
    spare: Option<usize>,
    len: usize,
}

#[derive(Debug)]
struct Page<T> {
    /// Grows up to [`PAGE`]; without capacity if the page has been given back.
    slots: Vec<Slot<T>>,

    /// The slot that became free last, if any.
    free: Option<u16>,
    taken: usize,
}

#[derive(Debug)]
enum Slot<T> {
    Taken(T),

    /// Leads to the slot that became free before.
    Free(Option<u16>),
}

impl<T> Page<T> {
    const ABSENT: Self = Self { slots: Vec::new(), free: None, taken: 0 };
}

impl<T> Slots<T> {
    pub(super) const fn new() -> Self {
        Self {
            pages: Vec::new(),
            current: None,
            open: BTreeSet::new(),
            absent: Vec::new(),
            spare: None,
            len: 0,
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        match self.pages.get(index / PAGE)?.slots.get(index % PAGE)? {
            Slot::Taken(item) => Some(item),
            Slot::Free(_) => None,
        }
    }

    /// Where in memory an item is, or was if it is gone.
    pub(super) fn location(&self, index: usize) -> Location {
        let slot = self.pages.get(index / PAGE).and_then(|page| page.slots.get(index % PAGE));
        slot.map_or(Location::NONE, Location::of)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        match self.pages.get_mut(index / PAGE)?.slots.get_mut(index % PAGE)? {
            Slot::Taken(item) => Some(item),
            Slot::Free(_) => None,
        }
    }

    /// Puts an item in and gives its number.
    pub(super) fn insert(&mut self, item: T) -> usize {
        let number = self.current.unwrap_or_else(|| self.open_page());
        let page = &mut self.pages[number];
        let index = if let Some(index) = page.free {
            let index = usize::from(index);
            if let Slot::Free(next) = mem::replace(&mut page.slots[index], Slot::Taken(item)) {
                page.free = next;
            }
            index
        } else {
            page.slots.push(Slot::Taken(item));
            page.slots.len() - 1
        };
        page.taken += 1;
        self.len += 1;
        if page.taken == PAGE {
            self.current = None;
        }
        if self.spare == Some(number) {
            self.spare = None;
        }
        number * PAGE + index
    }

    #[cold]
    fn open_page(&mut self) -> usize {
        let number = self.open.pop_first().unwrap_or_else(|| {
            let number = self.absent.pop().unwrap_or_else(|| {
                self.pages.push(Page::ABSENT);
                self.pages.len() - 1
            });
            self.pages[number].slots.reserve_exact(PAGE);
            number
        });
        self.current = Some(number);
        number
    }

    /// Takes an item out.
    pub(super) fn remove(&mut self, index: usize) -> Option<T> {
        let number = index / PAGE;
        let page = self.pages.get_mut(number)?;
        let slot = page.slots.get_mut(index % PAGE)?;
        if matches!(slot, Slot::Free(_)) {
            return None;
        }
        let Slot::Taken(item) = mem::replace(slot, Slot::Free(page.free)) else { return None };
        // Lossless, as a page has fewer slots than that.
        page.free = u16::try_from(index % PAGE).ok();
        let was_full = page.taken == PAGE;
        page.taken -= 1;
        self.len -= 1;
        if page.taken == 0 {
            self.empty(number);
        } else if was_full && self.current != Some(number) {
            self.open.insert(number);
        }
        Some(item)
    }

    /// Gives back a page that has become empty, or keeps it to spare.
    #[cold]
    fn empty(&mut self, number: usize) {
        if self.len == 0 {
            *self = Self::new();
        } else if self.spare.is_none() {
            self.spare = Some(number);
        } else {
            self.pages[number] = Page::ABSENT;
            self.absent.push(number);
            self.open.remove(&number);
            if self.current == Some(number) {
                self.current = None;
            }
        }
    }

    /// All items and their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.iter_around(0)
    }

    /// The same, those near `index` and beyond it first.
    pub(super) fn iter_around(&self, index: usize) -> impl Iterator<Item = (usize, &T)> {
        let first = (index / PAGE).min(self.pages.len());
        let numbers = (first..self.pages.len()).chain(0..first);
        numbers.flat_map(|number| {
            self.pages[number].slots.iter().enumerate().filter_map(
                move |(index, slot)| match slot {
                    Slot::Taken(item) => Some((number * PAGE + index, item)),
                    Slot::Free(_) => None,
                },
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::Index;
    use std::collections::BTreeMap;

    fn pages_in_use<T>(slots: &Slots<T>) -> usize {
        slots.pages.iter().filter(|page| page.slots.capacity() > 0).count()
    }

    #[test]
    fn a_page_is_given_back_when_its_last_item_goes() {
        let mut slots = Slots::new();
        let indices: Vec<_> = (0..10 * PAGE).map(|item| slots.insert(item)).collect();
        assert_eq!(pages_in_use(&slots), 10);
        for &index in &indices[..9 * PAGE] {
            slots.remove(index).unwrap();
        }
        assert!(pages_in_use(&slots) <= 2, "one in use, one to spare");
        for &index in &indices[9 * PAGE..] {
            slots.remove(index).unwrap();
        }
        assert_eq!((slots.len, slots.pages.capacity()), (0, 0), "nothing is kept");
    }

    #[test]
    fn room_is_used_again_before_pages_are_added() {
        let mut slots = Slots::new();
        let indices: Vec<_> = (0..4 * PAGE).map(|item| slots.insert(item)).collect();
        for round in 0..1_000 {
            let index = indices[(round * 37) % indices.len()];
            slots.remove(index).unwrap();
            assert_eq!(slots.insert(round), index);
        }
        assert_eq!(pages_in_use(&slots), 4);
    }

    #[test]
    fn a_lone_item_that_comes_and_goes_beside_another_keeps_its_page() {
        let mut slots = Slots::new();
        let stays: Vec<_> = (0..PAGE).map(|item| slots.insert(item)).collect();
        for _ in 0..10 {
            let edge = slots.insert(0);
            assert_eq!(edge, PAGE);
            slots.remove(edge).unwrap();
            assert_eq!(pages_in_use(&slots), 2);
        }
        assert_eq!(slots.get(stays[7]), Some(&7));
    }

    proptest! {
        /// The model is a map; few enough items to meet the edges of pages again and again.
        #[test]
        fn behaves_like_a_map(
            steps in prop::collection::vec((any::<bool>(), 1..400_usize, any::<Index>()), 1..30),
        ) {
            let mut slots = Slots::new();
            let mut model = BTreeMap::new();
            let mut next = 0;
            for (adds, count, index) in steps {
                for _ in 0..count {
                    if adds {
                        let at = slots.insert(next);
                        prop_assert!(model.insert(at, next).is_none());
                        next += 1;
                    } else if !model.is_empty() {
                        let at = *model.keys().nth(index.index(model.len())).unwrap();
                        prop_assert_eq!(slots.remove(at), model.remove(&at));
                        prop_assert!(slots.remove(at).is_none());
                        prop_assert!(slots.get_mut(at).is_none());
                    }
                }
                prop_assert_eq!(slots.len, model.len());
                prop_assert!(slots.iter().map(|(at, item)| (at, *item)).eq(model.clone()));
                let first = index.index(slots.pages.len() + 2) * PAGE;
                let around = model.range(first..).chain(model.range(..first));
                prop_assert!(slots.iter_around(first + 7).eq(around.map(|(at, item)| (*at, item))));
                let needed = model.keys().map(|at| at / PAGE).collect::<BTreeSet<_>>();
                prop_assert!(pages_in_use(&slots) <= needed.len() + 1);
            }
        }
    }
}
