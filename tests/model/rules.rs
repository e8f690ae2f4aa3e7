//! The rules that the protocol's correctness rests on. A test can leave one out, to see that the
//! checker notices.

/// A rule, and where the code keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A join reads its room: `Table::room_state`, from `steps_of` in `table::apply`.
    JoinsReadTheirRoom,
    /// A sweep starts after the end of every function that found the room, or cached it, before the
    /// sweep was queued: `SWEEP_DELAY_SECONDS`.
    SweepsWait,
    /// A sweep is queued after its destroy is written: `functions::storage` queues sweeps
    /// after `Table::apply`. The delay counts from there.
    SweepsAreQueuedAfterTheWrite,
    /// A destroy that is already written, or older than what the room's item says, still asks for
    /// its sweep, unless the item knows a newer destroy, or the room is swept:
    /// `RoomState::sweep_due`.
    StaleDestroysAreSwept,
    /// A sweep ends a membership only if the member's item is still the one that was read: the
    /// condition of `update::end`.
    EndingsAreConditional,
    /// A room is written as active only if its item is older than the join that proves it: the
    /// condition of `update::write`.
    RevivalsAreConditional,
    /// A sweep writes a room as active if a member joined after its destroy: `Table::sweep`.
    SweepsHeal,
    /// A cached room is as old as the request that found it: `Moment::now` before the request, in
    /// `Table::read_room_state` and `Table::write_room`.
    CachedRoomsAreDatedByTheirRequest,
    /// A cached room keeps the newest destroy that the room survived: `RoomCache::note` keeps the
    /// destroy of a `RoomState`.
    CachedRoomsKeepTheDestroy,
    /// A destroy does not let the room's item expire: `update::write`. Only a sweep does, in
    /// `update::swept`.
    OnlySweepsLetRoomsExpire,
    /// A sweep lets the room's item expire after all members are done: `finish` in `table::sweep`.
    SweepsFinishLast,
    /// A sweep lets the room's item expire only if it is destroyed by the destroy of that sweep:
    /// the condition of `update::swept`. It has not waited for those who joined before a newer one.
    SweepsFinishTheirOwnDestroy,
    /// A sweep does not let an active room's item expire: the condition of `update::swept`.
    OnlyDestroyedRoomsExpire,
    /// A newer destroy of a swept room removes the expiry: `update::write`.
    DestroysStopTheExpiry,
    /// A create or join that revives a room removes the expiry: `update::write`.
    RevivalsStopTheExpiry,
    /// A callback that finds a room destroyed and not swept, after so long a time that its sweep
    /// may be lost, asks for the sweep: `RoomState::sweep_due`.
    UnsweptRoomsAreAskedForAgain,
    /// A callback that revives a room that was not swept asks for the sweep, however soon: nobody
    /// after it can see that the sweep is missing. `RoomState::after`, `RoomState::sweep_due`.
    RevivalsAskForTheSweep,
}
