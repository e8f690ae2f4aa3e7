//! Pages: some members of a room at a time, as a sweep reads them.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Attributes, Table,
    item::{number, text, version},
    key::Key,
    unconfirmed::Unconfirmed,
};
use crate::domain::{
    event::{Kind, Version},
    ids::UserId,
    time::Timestamp,
};

/// The number of members that are read at once.
const MEMBERS: i32 = 1000;

/// Some members of a room, in the order of their keys.
pub(super) struct Page {
    /// The members whose items say `joined`.
    pub joined: Vec<JoinedMember>,
    /// The newest join of any of the room's members on this page, even of one who left since.
    pub newest_join: Option<Version>,
    /// The member after whom the next page begins; `None` if this is the last one.
    pub next: Option<UserId>,
}

/// A member whose item says `joined`.
#[derive(Clone)]
pub(super) struct JoinedMember {
    pub user: UserId,
    pub version: Version,
}

impl Table {
    /// Reads the page that begins after a member, or the first one. Strongly consistent.
    pub(super) async fn read_page(
        &self,
        room: &Key<'_>,
        after: Option<&UserId>,
    ) -> Result<Page, Unconfirmed> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .limit(MEMBERS)
            .key_condition_expression("pk = :room AND begins_with(sk, :members)")
            .projection_expression("userId, membership, version, joinedAt")
            .expression_attribute_values(":room", AttributeValue::S(room.partition()))
            .expression_attribute_values(":members", AttributeValue::S("USER#".to_owned()))
            .set_exclusive_start_key(after.map(|user| room.of_member(user).attributes()));
        let output = self.request(None, || query.clone().send()).await?;
        let next = output.last_evaluated_key().map(last_user).transpose()?;
        let joins = output.items().iter().filter_map(|item| number(item, "joinedAt"));
        // A status is not kept with the time; the least one is the safest claim.
        let alive = |time| Version::new(time, Kind::Join, 0);
        Ok(Page {
            joined: output.items().iter().filter_map(JoinedMember::read).collect(),
            newest_join: joins.max().and_then(Timestamp::from_millis).map(alive),
            next,
        })
    }
}

/// Reads the user of the last item of a page.
fn last_user(key: &Attributes) -> Result<UserId, Unconfirmed> {
    let user = text(key, "sk").and_then(|sort| sort.strip_prefix("USER#"));
    user.and_then(|user| UserId::new(user).ok()).ok_or_else(|| {
        Unconfirmed::Failed("an item among the room's members has no user id in its key".to_owned())
    })
}

impl JoinedMember {
    fn read(item: &Attributes) -> Option<Self> {
        let is_joined = text(item, "membership") == Some("joined");
        let member = Self {
            user: UserId::new(text(item, "userId")?).ok()?,
            version: version(item, "version")?,
        };
        is_joined.then_some(member)
    }
}
