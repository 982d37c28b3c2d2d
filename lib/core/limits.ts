// Every limit of populace, each with its reason. Reaching one is an error with a code or a counted refusal, never silence.

/** Generations of one slot: 21 bits, so that generation * 2^32 + slot stays a safe integer (53 bits). */
export const MAX_GENERATIONS = 2 ** 21

/** Agents of one population: rows and slots are signed 32-bit numbers in shared tables, and one bit marks absence. */
export const MAX_CAPACITY = 2 ** 30

/** Smallest block: below it the per-block work (a claim, two calls) costs more than the rows. */
export const MIN_BLOCK = 16

/** Largest block: 4,096 rows of 30 bytes fit a second-level cache, and 1M agents still give 16 threads 15 blocks each. */
export const MAX_BLOCK = 4096

/** Blocks aimed at when a population's block is chosen: enough to balance 16 threads, few enough to cost nothing. */
export const TARGET_BLOCKS = 256

/** Partitions of one world: their tables are reserved (not touched) for each population. */
export const MAX_PARTITIONS = 65_536

/** Bytes of all partition names together: 64 a partition. */
export const MAX_PARTITION_NAME_BYTES = 64 * MAX_PARTITIONS

/** Bytes of one world in memory: what a 32-bit WebAssembly memory can address. */
export const MAX_ARENA_BYTES = 2 ** 32

/** Values of one column in one row: a kernel that wants more wants another population. */
export const MAX_COLUMN_SIZE = 1024

/** Labels of an enumeration: codes are stored in one byte. */
export const MAX_LABELS = 256

/** Draws of one agent in one engine and tick: the counter has 11 bits for them. */
export const MAX_DRAWS = 2 ** 11

/** Seeds: every safe integer from 0. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER

/** Threads of one crew: each has its own effect buffers, and nobody's machine has more cores for one world. */
export const MAX_WORKERS = 256

/** Messages of one kind that may wait at once: their tables have signed 32-bit numbers. */
export const MAX_WAITING = 2 ** 26

/** Events of one tick, of all kinds together: more than any host takes in; one more is refused and counted. */
export const MAX_TICK_EVENTS = 2 ** 16

/** Events that wait for the main thread: two ticks' worth, so that a crew need not hold after each. A power of two. */
export const EVENT_QUEUE = 2 * MAX_TICK_EVENTS

/** Bytes of the documents in one tick's events; an event that goes beyond, and all with documents after it, are refused. */
export const MAX_TICK_EVENT_BYTES = 2 ** 24

/** Bytes of documents in events that wait for the main thread: some ticks' worth. A power of two. */
export const EVENT_QUEUE_BYTES = 4 * MAX_TICK_EVENT_BYTES

/** Messages that a thread sorts at least before it is worth another thread's while. */
export const MAIL_SHARE = 8192

/** Rows whose mail is sorted at once, as a power of two: their counts and messages are in the second-level cache. */
export const MAIL_BUCKET_SHIFT = 12

/** Buckets of rows that mail is sorted into: a write to each at a time, about as many as there are lines in a first cache. */
export const MAX_MAIL_BUCKETS = 512

/** Engines that take in one kind of message: each has a bit of a mask that says who has seen a message. */
export const MAX_RECEIVERS = 31

/** Bins of a histogram: its partial results are kept for each block. */
export const MAX_BINS = 1024

/** Characters of a name (population, column, engine, measure, command). */
export const MAX_NAME_LENGTH = 128

/** Ticks whose measures wait for the main thread: then the crew holds, so memory is bounded. */
export const MEASURE_RING_TICKS = 1024

/** Steps of the spin before a thread waits in the kernel: about 100 µs, twice as long as it takes to wake a thread. */
export const BARRIER_SPINS = 20_000

/** Barriers of vain spins, each half as long, after which a thread tries the whole length again: 14 µs each on average. */
export const BARRIER_TRIAL = 16

/** Milliseconds an inline crew steps before it lets the host's event loop turn. */
export const INLINE_SLICE_MS = 8

/** Times that the turns of an engine may be halved in real time: beyond 1 in 64 agents stand still for seconds at 20 Hz. */
export const MAX_SHED_LEVEL = 6

/** Ticks a second in real time. */
export const MAX_HERTZ = 1000

/** Fresh copies of one scenario module that inline simulations may load in a process: modules are never freed. */
export const MAX_MODULE_COPIES = 64

/** 'tick' events and progress reports a second, unless a listener asks for every n-th tick. */
export const REPORTS_PER_SECOND = 20

/** Pending commands: beyond it a host sends faster than ticks can apply. */
export const MAX_PENDING_COMMANDS = 100_000

/** Entries that a journal in memory keeps at least, at most twice as many: nothing grows with the number of ticks. */
export const JOURNAL_ENTRIES = 10_000

/** Cells of one grid, halo included, and runs of one view: four bytes each, and as many again for each share of the rows. */
export const MAX_CELLS = 2 ** 26

/** Cells of all partitions together, where each is a space of its own: at a few agents a cell, more than a world holds. */
export const MAX_PARTITIONED_CELLS = 2 ** 24

/** Shares of the rows that are counted and placed in parallel when a view is sorted: each has a table of all runs. */
export const MAX_SORT_SHARES = 32

/** Rows of a view that one thread sorts by itself: the barriers between the steps would take longer. */
export const SMALL_SORT_ROWS = 2048

/** Bytes of one document: all lengths inside fit 16 bits, and a heap's page (16 times as much) is filled to 15/16 at least. */
export const MAX_DOCUMENT_BYTES = 65_536

/** Levels of a document: a deeper one is a structure that contains itself, and decoding must not exhaust the stack. */
export const MAX_DOCUMENT_DEPTH = 100

/** Bytes of documents that a population may hold for each agent of its capacity, where it does not say documentBytes. */
export const DOCUMENT_BYTES_PER_AGENT = 1024

/** Least and most of the same for a whole population: three and a bit times as much address space is reserved. */
export const MIN_DOCUMENT_BYTES = 2 ** 20
export const MAX_DEFAULT_DOCUMENT_BYTES = 2 ** 28

/** Sections of a snapshot: a few for each column of a scenario, and no scenario has a million columns. */
export const MAX_SECTIONS = 2 ** 20

/** Threads that code snapshots in one process: beyond it the disk is what they wait for. */
export const MAX_CODEC_THREADS = 8

/** Milliseconds that a coding thread waits for more to do: longer than from checkpoint to checkpoint, short of a nuisance. */
export const CODEC_IDLE_MS = 10_000

/** Of what is coded in a host's task queue: it goes before what the host enqueues, as a run may wait for it, and it is short. */
export const CODEC_TASK_PRIORITY = -1000

/** Milliseconds that it may wait for a thread of that queue, all of which do something else: a run may be held up for as long. */
export const CODEC_TASK_WAIT_MS = 100

/** Milliseconds that a batch of it may take, of some milliseconds' work: a thread may have to start, on a busy machine. */
export const CODEC_TASK_TIMEOUT_MS = 60_000

/** Bytes that the calling thread codes by itself: a few milliseconds' work, which starting a thread takes many times. */
export const CODEC_INLINE_BYTES = 2 ** 18
/** Connections of one database pool, kept and overflow each: a Postgres server of ordinary size takes fewer in all. */
export const MAX_POOL_SIZE = 1000

/** Calls that may wait for a connection of a database pool: each keeps its caller's memory. */
export const MAX_POOL_WAITING = 1_000_000

/** Milliseconds of any deadline: what a timer of Node can wait, 24 days. */
export const MAX_DEADLINE_MS = 2 ** 31 - 1

/** Milliseconds that a server has to end a call that was cancelled, before its connection is cut. */
export const CANCEL_GRACE_MS = 2000

/** Milliseconds between two requests to cancel one call: the first may come before the server has begun with it. */
export const CANCEL_AGAIN_MS = 100

/** Waits for a connection that quantiles are taken of: the newest. */
export const WAIT_SAMPLES = 1024

/** Statements that one connection keeps prepared: each costs memory here and in the server, and texts may be made up at will. */
export const MAX_PREPARED = 256

/** Parameters of one statement: their number has 16 bits in the protocol, and the driver keeps two. */
export const MAX_PARAMETERS = 65_533

/** Statements of a batch that are on their way at once: enough to hide the time of a round trip, few enough to be bounded. */
export const BATCH_IN_FLIGHT = 128

/** Bytes of a COPY that are sent at once: what waits in memory is one such piece and one row. */
export const COPY_PIECE_BYTES = 2 ** 17

/** Bytes of one value in a COPY: what Postgres can hold in a column is a little less than 2^30. */
export const MAX_COPY_VALUE_BYTES = 2 ** 30 - 2 ** 10
/** Characters of a blob's key in a store: twice as many bytes in an LMDB key, which holds 1,978 at most. */
export const MAX_BLOB_KEY_LENGTH = 512

/** Entries and bytes of one portion of a stored journal: what a reader has in memory at once. A larger entry comes alone. */
export const JOURNAL_PORTION_ENTRIES = 1024
export const JOURNAL_PORTION_BYTES = 2 ** 20

/** Checkpoints from one that is whole to the next: restoring one applies as many diffs at most. */
export const KEYFRAME_EVERY = 16

/** Ticks from checkpoint to checkpoint of a stored run that does not say. */
export const CHECKPOINT_TICKS = 1000

/** Checkpoints of a run that are kept, the newest, where a host does not say: some spans of diffs with their keyframes. */
export const KEEP_CHECKPOINTS = 128

/** Times that ticks are stepped again after a worker died in them, before the run fails. */
export const MAX_RERUNS = 3
/** Bytes of one value in a folder's database: small enough that freed pages in a row are found again for the next one. */
export const FILE_PIECE_BYTES = 2 ** 18

/** Bytes that are copied in one turn of the event loop before they go to a store's thread: below a millisecond. */
export const COPY_BYTES_PER_TURN = 2 ** 22

/** Bytes that a folder's store may hold, where it is not told otherwise; the least that may be told, and the most. */
export const DEFAULT_FILE_STORE_BYTES = 2 ** 36
export const MIN_FILE_STORE_BYTES = 2 ** 20
/** A process can map 47 bits of addresses, and the map is doubled as it grows. */
export const MAX_FILE_STORE_BYTES = 2 ** 45

/** Milliseconds between two signs of life of a process that writes, and how old the last may be before others take over. */
export const LEASE_BEAT_MS = 2000
export const LEASE_EXPIRY_MS = 30_000

/** Deltas that may wait for one subscriber: a host that wants more has another queue behind it. */
export const MAX_DELTA_QUEUE = 65_536

/** Deltas that wait for a subscriber where it does not say: half a second at 30 a second, and little memory. */
export const DELTA_QUEUE = 16
/** Migrations of one database: their numbers have four digits. */
export const MAX_MIGRATIONS = 9999

/** Bytes of one stored part of a checkpoint or blob: as text, twice as long, some of them fit easily into memory at once. */
export const STORED_PART_BYTES = 2 ** 22

/** Parts that are read from a database at once. */
export const PARTS_AT_ONCE = 4

/** Milliseconds that taking a lease waits for another holder: a process that was killed is told to the server within. */
export const LEASE_WAIT_MS = 500

/** Tries to take a lease again whose connection was lost, and the milliseconds between them. */
export const LEASE_TRIES = 60
export const LEASE_RETRY_MS = 500

/** Milliseconds for which a write of a run is tried again while the database is away: as long as its lease is. */
export const WRITE_PATIENCE_MS = LEASE_TRIES * LEASE_RETRY_MS

/** Bytes of frozen partitions that are stored together: each storing waits for the disk once. */
export const PARTITION_BATCH_BYTES = 2 ** 23

/**
 * Of a memory budget, what partitions may take when a tick begins. The rest is for those that come and go meanwhile, for
 * what coding them takes, and for the slots of those that are stored: with less the bench case 'partitions' exceeded it.
 */
export const KEPT_SHARE = 3 / 4

/** Pieces of memory of partitions that thawed or were stored, kept for those that freeze next: as many as come and go in a tick or two. */
export const SPARE_MEMORIES = 2

/** Calls that may wait for a rate limiter: each keeps its caller's memory. */
export const MAX_SERVICE_WAITING = 1_000_000

/** Buckets of one rate limiter, and amounts of one budget: each call looks at all. */
export const MAX_BUCKETS = 32

/** Slices of the time that a circuit breaker looks back on: a tenth of it goes at once, and ten counts are little memory. */
export const OUTCOME_SLICES = 10

/** Probes of a half-open circuit breaker: more would be load on what is barely well again. */
export const MAX_PROBES = 1000

/** Tries of one call: beyond it a retry is a loop, and each try doubles the wait. */
export const MAX_ATTEMPTS = 1000

/** Milliseconds that one Retry-After holds up all calls of a service: whoever says a year is asked again. */
export const MAX_REST_MS = 60_000

/** Items, batches or calls of a service that are worked on at once: each keeps its memory, and none of them has a core of its own. */
export const MAX_CONCURRENT = 100_000

/** Items of one batch or chunk: an array of them is in memory. */
export const MAX_BATCH_SIZE = 1_000_000

/** Milliseconds that items are processed before the host's event loop turns: what is ready at once would not let go of it. */
export const BATCH_SLICE_MS = 8

/** Characters of a cache's key or pattern: it is hashed and compared at every call, and a longer one is a document. */
export const MAX_CACHE_KEY_LENGTH = 1024

/** Bytes of one packed value of a cache: a Redis server serves nobody else while it copies one. */
export const MAX_CACHE_VALUE_BYTES = 2 ** 24

/** Levels of a value in a cache: packing must not exhaust the stack. */
export const MAX_CACHE_VALUE_DEPTH = 100

/** Milliseconds that a cache keeps a value at most: ten years. What has no end is no cache. */
export const MAX_CACHE_TTL_MS = 315_360_000_000

/** Calls of one cache that may be on their way to Redis at once: each keeps its command and its answer in memory. */
export const MAX_CACHE_PENDING = 1_000_000

/** Entries of a cache in memory: a Map of V8 holds 2^24. */
export const MAX_CACHE_ENTRIES = 10_000_000

/** Bytes that a cache may take in its process: more than the machine of a cache has. */
export const MAX_CACHE_BYTES = 2 ** 36

/** Keys that one SCAN looks at and one UNLINK takes away: the server does nothing else for some tens of microseconds. */
export const SCAN_KEYS = 100

/** Milliseconds until the first try to reach a server of a cache again, doubled at each try, and the most. */
export const RECONNECT_FIRST_MS = 50
export const RECONNECT_MOST_MS = 2000

/** Milliseconds between two samples of the memory and CPU of the process: one takes 200 µs. */
export const RESOURCE_SAMPLE_MS = 1000

/** Milliseconds that a sample may take before it counts as failed: it reads two small files of the system. */
export const RESOURCE_SAMPLE_TIMEOUT_MS = 5000

/** Label sets of one metric, where it does not say, and at most: each is a line of every scrape and a series in Prometheus. */
export const METRIC_SERIES = 100
export const MAX_METRIC_SERIES = 10_000

/** Metrics that a host declares, and labels of one: more are a sign of names made from data. */
export const MAX_METRICS = 1000
export const MAX_METRIC_LABELS = 10

/** Characters of a label's value; a longer one counts as 'other'. */
export const MAX_LABEL_LENGTH = 128

/** Bounds of histograms, without the one that is infinite. */
export const MAX_METRIC_BUCKETS = 100

/** Components that one collector observes, and numbers that are taken from the status of one. */
export const MAX_COMPONENTS = 100
export const MAX_COMPONENT_FIGURES = 100

/** Characters of a component's name: that of a run, and which of its components it is. */
export const MAX_COMPONENT_NAME = 256

/** Milliseconds that a scrape waits for the status of a component, and for the measures of a run that goes on. */
export const OBSERVE_TIMEOUT_MS = 1000
export const MEASURE_WAIT_MS = 250

/** The part of a tick's time that measuring it may take: ticks that are shorter are measured now and then. */
export const METER_SHARE = 0.005

/** Milliseconds that one reading of the clock is taken to cost, with what is done with it: measured 0.00004 and more. */
export const CLOCK_READ_MS = 0.0001

/** Connections that a server of metrics has at once: some scrapers, and people who look. */
export const METRICS_CONNECTIONS = 64

/** Milliseconds in which a request to it has to be complete. */
export const METRICS_REQUEST_MS = 10_000

/** Events or tasks that may wait in one bus or queue: each keeps its payload in memory. */
export const MAX_QUEUE_SIZE = 10_000_000

/** Dispatchers of an event bus, and threads of a task queue: more than any machine has use for. */
export const MAX_DISPATCHERS = 1024
export const MAX_TASK_THREADS = 256

/** Characters of a topic or pattern: each segment is a step of every match. */
export const MAX_TOPIC_LENGTH = 256

/** Subscriptions of one event bus: far more is a handler for each agent, which is a job for a Map by id. */
export const MAX_SUBSCRIPTIONS = 100_000

/** Topics without events that a bus remembers the handlers of: topics may be made up at will. */
export const KEPT_TOPICS = 4096

/** Dead letters of an event bus, and results of a task queue, that may be kept. */
export const MAX_DEAD_LETTERS = 1_000_000
export const MAX_KEPT_RESULTS = 10_000_000

/** Milliseconds that the main thread tells listeners, dispatches events or clears a cache before the host's event loop turns. */
export const LOOP_SLICE_MS = 4

/** Milliseconds between two warnings of events that were dropped: the next one says how many. */
export const DROP_WARNING_MS = 1000

/** Microseconds of the longest time in a histogram of latencies, an hour: its memory goes with the logarithm. */
export const MAX_LATENCY_US = 3_600_000_000

/** Priorities, from minus this: beyond it a number is a time or an id given by mistake. */
export const MAX_PRIORITY = 1_000_000

/** Tries of one task after the first, and milliseconds that the growing wait between two of them comes to at most. */
export const MAX_RETRIES = 1000
export const MAX_RETRY_DELAY_MS = 60_000

/** Tasks that one task may wait for: each has to be looked up. */
export const MAX_DEPENDENCIES = 10_000

/** Recurring tasks of one queue. */
export const MAX_SCHEDULES = 10_000

/** Milliseconds between two reports of progress of one task: a loop that reports each step must not flood the main thread. */
export const PROGRESS_MS = 50

/** Milliseconds that a thread of a task queue waits for another task before it ends. */
export const TASK_IDLE_MS = 10_000

/** Milliseconds between two requests that a thread of a task queue end whose error was not caught: the first may be lost. */
export const THREAD_END_MS = 50

/** Asks of one kind that may be unanswered at once: each is a call that a service is to take, and memory for its answer. */
export const MAX_PENDING_ASKS = 2 ** 16

/** Refused asks of one kind that wait for their askers: more than a crowd asks beyond its declared number in a tick or two. */
export const REFUSED_ASKS = 2 ** 14

/** Calls of one service at once, where a host does not say, and at most: each is a connection, or a place in a queue. */
export const SERVICE_CALLS = 16
export const MAX_SERVICE_CALLS = 10_000

/** Milliseconds that a service has for an answer where a host does not say: a language model takes some seconds. */
export const SERVICE_TIMEOUT_MS = 30_000

/** Calls of one service that go on beyond their deadlines: one that heeds no signal is not called again and again. */
export const MAX_ABANDONED_CALLS = 1000

/** Bytes of one response of a chat server, where a host does not say, and at most: an answer is a document of 64 KiB at most. */
export const CHAT_RESPONSE_BYTES = 2 ** 20
export const MAX_CHAT_RESPONSE_BYTES = 2 ** 26
/** Milliseconds that a run which is slowed down rests at once at most: a sample of CPU is of a second, and should see both. */
export const MAX_SLOWDOWN_REST_MS = 500
