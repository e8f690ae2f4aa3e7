//! The view: what a page shows, as its address says it. So every view is a link.

use super::{hub::Part, outcome::Outcome};

/// The members of a room that are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Side {
    #[default]
    Joined,
    Left,
}

/// A view of the page.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The room whose members are shown.
    pub room: Option<String>,
    /// The user whose rooms are shown.
    pub user: Option<String>,
    /// The text that rooms and users are searched by.
    pub search: Option<String>,
    pub side: Side,
    /// The user after whom the shown page of members begins.
    pub after: Option<String>,
    /// The text that callbacks are filtered by.
    pub filter: Option<String>,
    /// The outcome that callbacks are filtered by.
    pub outcome: Option<Outcome>,
    /// The number of the callback that was just sent from here.
    pub sent: Option<u64>,
    /// The parts that are asked for, if it is not the whole page.
    pub parts: Option<Vec<Part>>,
}

impl View {
    /// Reads the query string of an address. What it cannot mean is left out.
    ///
    /// A form gives the view that it changes as a query string of its own, in `view`: fields would
    /// change the line breaks of an id.
    pub fn read(query: &str) -> Self {
        let changed = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "view");
        let mut view = Self::default();
        if let Some((_, changed)) = changed {
            view.change(&changed);
        }
        view.change(query);
        view
    }

    fn change(&mut self, query: &str) {
        let view = self;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            match &*name {
                "room" => view.room = Some(value.into_owned()),
                "user" => view.user = Some(value.into_owned()),
                "q" => view.search = Some(value.into_owned()),
                "show" if value == "left" => view.side = Side::Left,
                "after" => view.after = Some(value.into_owned()),
                "filter" => view.filter = Some(value.into_owned()),
                "outcome" => view.outcome = Outcome::named(&value),
                "sent" => view.sent = value.parse().ok(),
                "parts" => view.parts = Some(value.split(',').filter_map(Part::named).collect()),
                _ => {}
            }
        }
    }

    /// Chooses a room, and keeps the filter of the callbacks.
    pub fn of_room(&self, room: &str) -> Self {
        Self { room: Some(room.to_owned()), search: self.search.clone(), ..self.filtered() }
    }

    /// Chooses a user.
    pub fn of_user(&self, user: &str) -> Self {
        Self { user: Some(user.to_owned()), ..self.filtered() }
    }

    /// Leaves only the filter of the callbacks.
    pub fn filtered(&self) -> Self {
        Self { filter: self.filter.clone(), outcome: self.outcome, ..Self::default() }
    }

    /// Leaves the filter of the callbacks out.
    pub fn unfiltered(&self) -> Self {
        Self { filter: None, outcome: None, sent: None, ..self.clone() }
    }

    /// Gives the query string that says all of this, except which parts are asked for.
    pub fn query(&self) -> String {
        let texts = [
            ("room", self.room.clone()),
            ("user", self.user.clone()),
            ("q", self.search.clone()),
            ("show", (self.side == Side::Left).then(|| "left".to_owned())),
            ("after", self.after.clone()),
            ("filter", self.filter.clone()),
            ("outcome", self.outcome.map(|outcome| outcome.word().to_owned())),
            ("sent", self.sent.map(|number| number.to_string())),
        ];
        let given = texts.into_iter().filter_map(|(name, value)| Some((name, value?)));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
    }

    /// Gives the address of this view.
    pub fn link(&self) -> String {
        let query = self.query();
        if query.is_empty() { "/".to_owned() } else { format!("/?{query}") }
    }
}
