//! The query string of a request, read strictly: a name that is misspelt or repeated would change
//! the answer without a word.

use std::collections::BTreeMap;

use axum::extract::RawQuery;

use super::{cursor::Cursor, problem::Problem};
use crate::domain::ids::{AppKey, IdError, RoomId, UserId};

/// The parameters of a request, by name.
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads a query string. `appKey` is allowed on every route, beside those that it names.
    pub fn read(RawQuery(query): RawQuery, allowed: &[&str]) -> Result<Self, Problem> {
        let mut parameters = BTreeMap::new();
        let query = query.unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name != "appKey" && !allowed.contains(&&*name) {
                let allowed = allowed.join(", ");
                return Err(Problem::parameter(format!(
                    "there is no parameter of this name here: {allowed} and appKey are known"
                )));
            }
            if parameters.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(Problem::parameter(format!("{name} is there twice")));
            }
        }
        Ok(Self(parameters))
    }

    pub fn app(&self) -> Result<Option<AppKey>, Problem> {
        self.id("appKey", AppKey::new)
    }

    pub fn room(&self) -> Result<RoomId, Problem> {
        self.id("room", RoomId::new)?.ok_or_else(|| missing("room"))
    }

    pub fn user(&self) -> Result<UserId, Problem> {
        self.id("user", UserId::new)?.ok_or_else(|| missing("user"))
    }

    /// Reads the place where the page begins. An empty one is that of the first page, so that a loop
    /// needs no exception for it.
    pub fn cursor(&self) -> Result<Option<Cursor>, Problem> {
        let text = self.0.get("cursor").filter(|text| !text.is_empty());
        text.map(|text| Cursor::read(text)).transpose()
    }

    /// Reads how many rows are wanted: a hundred unless it is said, a thousand at most.
    pub fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.0.get("limit") else {
            return Ok(100);
        };
        let limit = text.parse().ok().filter(|limit| (1..=1000).contains(limit));
        limit.ok_or_else(|| Problem::parameter("limit is no whole number from 1 to 1000"))
    }

    /// Reads a switch, which is off unless it is said.
    pub fn switch(&self, name: &str) -> Result<bool, Problem> {
        match self.0.get(name).map(String::as_str) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::parameter(format!("{name} is neither true nor false"))),
        }
    }

    fn id<T>(
        &self,
        name: &str,
        parse: fn(String) -> Result<T, IdError>,
    ) -> Result<Option<T>, Problem> {
        let id = self.0.get(name).cloned().map(parse).transpose();
        id.map_err(|why| Problem::parameter(format!("{name} {why}")))
    }
}

fn missing(name: &str) -> Problem {
    Problem::parameter(format!("{name} is missing"))
}
