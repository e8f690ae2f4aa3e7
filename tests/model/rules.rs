//! The rules that the protocol's correctness rests on. A test can leave one out, to see that the
//! checker notices.

/// A rule, and where the code keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A join looks at its room: `Table::see`, from `changes_of` in `table::apply`.
    JoinsLook,
    /// A sweep starts later than every function ends that saw the room before the sweep was queued,
    /// or remembers it from then: `SWEEP_DELAY_SECONDS`.
    SweepsWait,
    /// A sweep is queued after its destroy is written: `Store::store` asks for sweeps after
    /// `Table::apply`. The delay counts from there.
    SweepsAreQueuedAfterTheWrite,
    /// A destroy that is already written, or older than what the room's item says, still asks for
    /// its sweep, unless the item knows a newer destroy: `sweep` in `table::apply`.
    StaleDestroysAreSwept,
    /// A sweep ends a membership only if the member's item is still the one that was read: the
    /// condition of `update::end`.
    EndingsAreConditional,
    /// A room is written as active only if its item is older than the join that proves it: the
    /// condition of `update::whole`.
    RevivalsAreConditional,
    /// A sweep writes a room as active if a member joined after its destroy: `Table::sweep`.
    SweepsHeal,
    /// A memory is as old as the request that saw the room: `Moment::now` before the request, in
    /// `Table::look` and `Table::write`.
    MemoriesAreDatedByTheirRequest,
    /// A memory keeps the newest destroy that the room survived: `Memory::note` keeps the whole
    /// `RoomState`.
    MemoriesKeepTheDestroy,
}
