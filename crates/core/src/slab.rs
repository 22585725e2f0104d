//! Things under numbers that are never given twice.

/// A number for one thing, of one [`Slab`], for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    place: u32,
    /// Tells this thing from earlier ones at the same place.
    turn: u32,
}

impl Key {
    /// Where the thing is, for those who cannot hold a key; see [`Slab::key_at`].
    #[must_use]
    pub fn place(self) -> u32 {
        self.place
    }

    /// Which of the things at that place it is; with the place, all that there is to a key.
    #[must_use]
    pub fn turn(self) -> u32 {
        self.turn
    }

    /// The key that consists of these, for those who held it as two numbers.
    #[must_use]
    pub fn from_parts(place: u32, turn: u32) -> Self {
        Self { place, turn }
    }
}

/// Things in numbered places that are used again. A map would do as well, at 18 KB of WebAssembly.
#[derive(Debug)]
pub struct Slab<T> {
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Slab<T> {
    /// A slab with nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }

    /// Puts a thing in and says where it is.
    pub fn insert(&mut self, thing: T) -> Key {
        if let Some(place) = self.free.pop()
            && let Some((turn, slot)) = self.places.get_mut(place as usize)
        {
            *slot = Some(thing);
            return Key { place, turn: *turn };
        }
        let place = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push((0, Some(thing)));
        Key { place, turn: 0 }
    }

    /// The thing, while it is here.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.places.get_mut(key.place as usize).filter(|(turn, _)| *turn == key.turn)?.1.as_mut()
    }

    /// The thing, while it is here.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&T> {
        self.places.get(key.place as usize).filter(|(turn, _)| *turn == key.turn)?.1.as_ref()
    }

    /// Every thing that is here.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().filter_map(|(_, slot)| slot.as_mut())
    }

    /// The key of what is at `place` now.
    #[must_use]
    pub fn key_at(&self, place: u32) -> Option<Key> {
        let (turn, slot) = self.places.get(place as usize)?;
        slot.is_some().then_some(Key { place, turn: *turn })
    }

    /// Takes the thing out.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let (turn, slot) = self.places.get_mut(key.place as usize).filter(|(turn, _)| *turn == key.turn)?;
        let thing = slot.take()?;
        *turn = turn.wrapping_add(1);
        self.free.push(key.place);
        Some(thing)
    }

    /// How many things are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len().saturating_sub(self.free.len())
    }

    /// Whether nothing is here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_leads_to_a_later_thing() {
        let mut slab = Slab::default();
        let (first, second) = (slab.insert("a"), slab.insert("b"));
        assert_eq!((slab.remove(first), slab.remove(first), slab.len()), (Some("a"), None, 1));
        let third = slab.insert("c");
        assert_eq!((slab.get(first), slab.get(second), slab.get(third)), (None, Some(&"b"), Some(&"c")));
        assert!(slab.get_mut(first).is_none() && !slab.is_empty());
        assert_eq!(slab.key_at(third.place()), Some(third));
        assert_eq!(Key::from_parts(third.place(), third.turn()), third);
        slab.remove(second);
        assert_eq!(slab.key_at(second.place()), None);
        assert_eq!(slab.values_mut().collect::<Vec<_>>(), [&"c"]);
    }
}
