/**
 * The clockwork: how long processes, Postgres and Redis wait for each other, all in milliseconds and all in one place, so that
 * times which must agree can be seen together (test/infra/timings.test.ts says which). What a user is promised stands with its
 * noun: a turn's time, how long a participant is awaited, how long a command waits for its next attempt.
 */
export const timings = {
  /** The scheduler's lease, by the database's clock. A term is trusted until `safety_ms` before it runs out. */
  leadership: {
    lease_ms: 6_000,
    renew_every_ms: 2_000,
    safety_ms: 1_000,
    /** A lease that is about to run out is checked right after it has. */
    after_expiry_ms: 20,
    release_within_ms: 2_000,
    /** A clock further from the database's fires at the wrong time. */
    most_skew_ms: 1_000,
  },
  /** Ticks and runs of verification: a claim that is not renewed is free for another worker. */
  claims: {
    claim_ms: 30_000,
    renew_every_ms: 10_000,
    /** A doorbell is quicker than this, where it rings. */
    found_after_ms: 1_000,
    /** A job that does not end so long after its time was over has failed. */
    overtime_ms: 60_000,
    verify_again_ms: 2_000,
  },
  /** A job begins no further batch after the first, and has failed after the second; verification has its own times. */
  jobs: { soft_ms: 55 * 60_000, hard_ms: 60 * 60_000 },
  ticks: {
    /** A tick that is later than this was missed. Handing over after a death takes less. */
    on_time_within_ms: 10_000,
    /** A jump of the wall clock may make a timer skip a slot: a line so late is caught up. */
    overdue_ms: 3_000,
    /** Before the second attempt, and before the third, which is the last. */
    retry_ms: [5_000, 30_000],
  },
  /** Commands on their way through a worker. */
  applying: {
    /** Not in step with other workers. */
    poll: { least_ms: 400, most_ms: 500 },
    /** A doorbell is quicker than this, where it rings. */
    overdue_after_ms: 500,
    /** Postgres is away: again after the first, then after twice as long, up to the most. */
    retry: { first_ms: 50, most_ms: 1_000 },
    locked: { first_ms: 5, most_ms: 500 },
    newer: { first_ms: 1_000, most_ms: 5_000 },
    /** For rows beside the streams, whose locks are not waited for at all. */
    lock_ms: 250,
    report_every_ms: 1_000,
    log_every_ms: 30_000,
  },
  /** Whether the log has grown: a session's end is to be signed within two seconds. */
  signing: { poll_ms: 500, sink_within_ms: 5_000, sinks_every_ms: 5_000, lag_every_ms: 5_000 },
  /** The thread that ends a process whose main thread stands still. */
  watchdog: { patience_ms: 5_000, beat_every_ms: 500, check_every_ms: 500 },
  /** Which processes are alive: Postgres ends the session of one that it has not heard for `silence_ms`. */
  heartbeat: { beat_every_ms: 2_000, silence_ms: 10_000, patience_ms: 2_000 },
  postgres: {
    connect_within_ms: 5_000,
    /** A verification asks for several parts at once, and waits for its own: a part of a large record takes a while. */
    verify_within_ms: 600_000,
    /** Postgres ends what waits longer for a lock, or leaves a transaction idle: its process stood still. */
    lock_ms: 5_000,
    idle_in_transaction_ms: 10_000,
    /** A server that says nothing so long after it should have ended a statement is held for lost. */
    silence_ms: 5_000,
    /** Polls that answer for a process's health. */
    poll_ms: 1_000,
    poll_patience_ms: 2_000,
    take_role_within_ms: 5_000,
    own_session_within_ms: 5_000,
  },
  /** The schema, and the claim on a database, at start and after. */
  database: {
    start_within_ms: 5_000,
    try_again_ms: 200,
    /** A process that was killed just now may hold the claim for a moment. */
    claim_within_ms: 3_000,
    claim_again_ms: 300,
    claim_beat_every_ms: 5_000,
    watch_schema_every_ms: 3_000,
  },
  redis: {
    /** For what can be done without. */
    patience_ms: 250,
    start_within_ms: 1_000,
    connect_within_ms: 2_000,
    reconnect_most_ms: 1_000,
    /** For so long all clients of a process take the same word for where the master is. */
    find_again_ms: 250,
    /** A connection on which nothing comes back is held for lost. */
    silence_ms: 5_000,
    probe_every_ms: 1_000,
    probe_within_ms: 1_000,
    /** How long the probe's own key is kept. */
    probe_key_ms: 10_000,
    fitness_every_ms: 5_000,
    ping_every_ms: 5_000,
  },
  /** A job of BullMQ whose worker has not renewed its lock is stalled, and is found by the next look. */
  queue: {
    lock_ms: 10_000,
    stalled_every_ms: 5_000,
    retry_ms: 1_000,
    silence_ms: 15_000,
    again_ms: 1_000,
    asked_within_ms: 2_000,
  },
  /** What `/health` and `/ready` know. */
  probe: {
    every_ms: 2_000,
    every_ms_without: 250,
    away_after_ms: 5_000,
    metrics_kept_ms: 1_000,
    backlog_every_ms: 1_000,
  },
  /** Servers of others: connecting, one attempt as a whole, and what they may ask to be left alone for before a second. */
  outbound: { connect_ms: 5_000, whole_ms: 10_000, most_wait_ms: 10_000 },
  /** How soon a process knows of a new key for tickets; it is honoured for half a day before it signs. */
  tickets: { read_again_ms: 60_000 },
  /** A command at the door: storing it, and waiting for its outcome. */
  door: {
    store_within_ms: 2_000,
    store_again_ms: 100,
    /** How long a process that could not store remembers it. */
    tells_for_ms: 60_000,
    /** Without a word on the reply channel Postgres is asked. */
    quiet_ms: 250,
    subscribe_within_ms: 1_000,
    /** Between two times that the readers of galleries are counted. */
    visits_every_ms: 5_000,
    /** Between two times that decisions of policies are stored. */
    decisions_every_ms: 2_000,
    decisions_last_ms: 5_000,
    /** What is known of a sender is neutral where it takes longer. */
    context_within_ms: 1_000,
    last_wait_ms: 2_000,
  },
  /** The leader's clock of feeds. A poll that no worker took up so long is of no use any more: the next one follows. */
  /** A site that took a result and did not say so is asked for it after so long: it may be storing it yet. */
  feeds: { tick_ms: 1_000, reconcile_every: 10, late_after_ms: 30_000, result_again_ms: 30_000 },
  /** Login sessions that were seen are noted together. */
  logins: { gather_ms: 250, again_ms: 2_000, last_ms: 2_000 },
  /** Tokens with a bad signature, on their way to where threats are found. */
  bad_signatures: { gather_ms: 1_000, again_ms: 2_000, last_ms: 2_000 },
  stopping: {
    http_within_ms: 10_000,
    linger_ms: 250,
    worker_within_ms: 10_000,
    scheduler_within_ms: 1_000,
  },
};

export type Timings = typeof timings;
