/*
 * Two sets of nodes that overlap, for SPIN: stamps in two rounds, beats that show sets, yielding, suspended instances,
 * nodes that forget, and take-over. `npm run model` checks it (run-model.ts). The rules are those of decide-set.ts and
 * take-over.ts, in their order; docs/faults.md says which ones the model asked for.
 *
 * What is claimed: of a claim of set A and a claim of set B on one tick at most one wins, but for the stated limit: a
 * common node had forgotten a set, and has not heard it for a time to live when the other one stamps it. And (-DLIVENESS):
 * from every state, when all nodes answer again, and both sets do or one is gone for good, one set bids with stamps on a
 * majority of its nodes; excepted is what only the option `takeOver` may end.
 *
 * The argument. A node votes only for the set whose stamp stands there. A set without a stamp stamps only when all its nodes,
 * so every common one, have listened for a time to live and neither record nor show the other set. So where a common
 * node remembers, or hears the other set, no second set stands. A stamp takes effect within half a time to live of the
 * beat on which it was decided, so none that slept decides on what was true before. Taking over takes the majority from the
 * recorded set: its claims that won before are below the floors that are raised to the times of the nodes taken over.
 *
 * How the real thing became finite:
 *
 *   nodes       Those that only one set has are one node here, that counts as often: nobody else asks there.
 *   instances   One per set. It does anything late or never: it sleeps, its beats and their answers are lost. It decides
 *               when an answer comes: what it sends on that may arrive at any time until the deadline. A restart is a sleep.
 *   claims      May come at any time from anybody: whether an instance that yields bids is not used for safety. A vote of a
 *               node that only one set has is taken as soon as it can be had. The nodes that a claim counts are chosen at the start,
 *               and what would only refuse more is left out. There is no more to see once the limit is reached, or once
 *               a floor refuses one of the claims for good.
 *   time        In half times to live. Life of a beat, deadline of a stamp and listening are each measured at one node; with
 *               -DOWN_CLOCKS the nodes' clocks go as they like.
 *   order       Which standing stamp is the older one is chosen at the start, and which name comes first.
 *   floors      One bit, as in identity.pml: covers the tick. So has a stamp: does the instant since when it stands?
 *   left out    Ids but for the one that a stamp names; notes; give-backs; `identityWaitMs`; the option `takeOver`.
 */

/* Node 0 is common. World 1: {1} and {1, 2, 3}. World 2: {1, 2, 3} and {3, 4, 5}. */
#ifndef WORLD
#define WORLD 1
#endif
#define COMMON 1 /* counted with weights */
#if WORLD == 1
#define NODES 2
#define OWN_OF(f) ((f) == 0 -> 0 : 2)
#define SIZE_OF(f) ((f) == 0 -> 1 : 3)
#define IN(f, n) ((n) == 0 || (f) == 1)
#define HAS_WON(f) ((f) == 0 -> commonVote : ownVote[1])
#else
#define NODES 3
#define OWN_OF(f) 2
#define SIZE_OF(f) 3
#define IN(f, n) ((n) == 0 || (n) == (f) + 1)
#define HAS_WON(f) ownVote[f]
#endif
#define WEIGHT(f, n) ((n) == 0 -> COMMON : OWN_OF(f))
#define QUORUM_OF(f) (SIZE_OF(f) / 2 + 1)
#ifndef FORGETS
#define FORGETS 1
#endif

/* Stamps */
#define EMPTY 0
#define PROVISIONAL(f) (1 + 2 * (f))
#define STANDING(f) (2 + 2 * (f))
#define IS_OF(stamp, f) ((stamp) == PROVISIONAL(f) || (stamp) == STANDING(f))

/* What a beat shows */
#define SILENT 0
#define PRESENT 1         /* without a standing stamp */
#define STANDS 2
#define YIELDS 3
#define STANDS_AND_YIELDS 4

/* Of a stamp that was sent. Afterwards it may be put and its answer lost: the sender does not know. */
#define PUT_UNKNOWN 5
/* One that stands since the last instant at which the node may have granted to the set before. */
#define TAKING 6

#define OLD 2             /* age of a view: half times to live */

/* Conditions */
#define WAITS 0
#define BIDS 1
#define GIVES_WAY 2
#define CONFLICT 3

#define LIMIT_DOUBLES 1
#define TAKEN_OVER 2
#define STAMPED_EMPTY 3
#define YIELDED 4
#define STAMP_TOO_LATE 5
#define WINS_AFTER_TAKE_OVER 6
#define INTRUDER 7
#define OTHER_MEMORY 8
#ifndef REACH
#define REACH 0
#endif
#define SOMETIMES(place) assert(REACH != place)

typedef Node {
  unsigned stamp : 3;
  bit carries;            /* the instant since when it stands covers the tick */
  unsigned listened : 2;
  bit covers              /* its floor covers the tick */
}
typedef View {            /* what the instance of a set knows of a node */
  unsigned stamp : 3;
  bit carries;            /* the stamp does, or, where no own one stands, the floor covers the tick */
  bit answers;            /* to the newest beat */
  bit listened;
  bit isOther;            /* the node has forgotten since: another memory */
  unsigned sent : 3;      /* the stamp on its way, or PUT_UNKNOWN; EMPTY: none */
  unsigned life : 2;      /* of the stamp on its way */
  unsigned expected : 3;
  bit wasOut;             /* one was on its way when the newest answered beat was sent, and got no answer since */
  bit toOther;            /* the memory that it was decided on is gone */
  bit carried;
  bit floors;             /* raises the floor */
  bit isLimit             /* for the proof: the other set was forgotten there and is not heard */
}
Node node[NODES];
View view[2 * NODES];
/* By set. At the common node: what the last beat showed, and for how long it is heard. */
byte sign[2], heard[2], age[2], rival[2];
bit gaveWay[2];            /* the newest answered beat showed that it yields */
byte missed[2];           /* for the proof: 1 the set was once on record at the common node, 2 which has forgotten that */
bit ownVote[2], commonVote;
bit older, named;         /* the set whose standing stamp is the older one, and the one whose name comes first */
bit limit, tookOver;
byte forgets = FORGETS;

/* For one step only. */
byte f, o, n, m, round, answered, mine, toldBy, condition, firm, own, plan, otherStamp;
bit stands, known, outranked, undecided, blocked, allListened, allAnswer, anyEmpty, foreign, over, carrying, stampsOut, wereOut, young, reached, replies, first, second, goes;

#define V(f, n) view[(f) * NODES + (n)]

inline forgetLocals() {
  f = 0; o = 0; n = 0; m = 0; round = 0; answered = 0; mine = 0; toldBy = 0; condition = 0; firm = 0; own = 0; plan = 0; otherStamp = 0; stands = 0;
  known = 0; outranked = 0; undecided = 0; blocked = 0; allListened = 0; allAnswer = 0; anyEmpty = 0; foreign = 0; over = 0; carrying = 0; stampsOut = 0; wereOut = 0; young = 0;
  reached = 0; replies = 0; first = 0; second = 0; goes = 0
}

inline dropSent(set, at) {
  V(set, at).sent = EMPTY; V(set, at).life = 0; V(set, at).expected = 0; V(set, at).toOther = 0; V(set, at).carried = 0; V(set, at).floors = 0;
  V(set, at).isLimit = 0
}

#ifdef YIELDS_WITH_STAMPS_OUT
#define NONE_OUT true
#elif defined(YIELDS_ON_OLD_ANSWERS)
/* On answers that are older than what they do not show yet. */
#define NONE_OUT !stampsOut
#else
#define NONE_OUT !(stampsOut || wereOut)
#endif
#ifdef GOES_ON_UNSHOWN
#define MUST_SHOW false
#else
#define MUST_SHOW gaveWay[f]
#endif
#ifdef YIELDS_WITHOUT_MAJORITY
#define KNOWS_ENOUGH true
#else
#define KNOWS_ENOUGH (answered >= QUORUM_OF(f))
#endif
#ifdef STAMPS_BY_MAJORITY
#define ALL_ANSWER true
#else
#define ALL_ANSWER allAnswer
#endif
#ifdef NO_LISTENING
#define ALL_LISTENED true
#else
#define ALL_LISTENED allListened
#endif
#ifdef BEATS_SHOW_NO_SETS
#define SHOWN(sign) SILENT
bit wasHeard[2]; /* by set: the other one was heard at the common node when it answered */
#define IS_SILENT(f) !wasHeard[f]
#else
#define SHOWN(sign) (sign)
#define IS_SILENT(f) (rival[f] == SILENT)
#endif
/* A set that stands and yields may still have claims under way. */
#ifdef WHO_YIELDS_IS_GONE
#define BLOCKS(sign) ((sign) == PRESENT || (sign) == STANDS)
#else
#define BLOCKS(sign) ((sign) == PRESENT || (sign) == STANDS || (sign) == STANDS_AND_YIELDS)
#endif
#ifdef TAKES_OVER_A_MINORITY
#define IS_MAJORITY_OF_RECORDED(f) true
#else
#define IS_MAJORITY_OF_RECORDED(f) (COMMON >= QUORUM_OF(1 - (f)))
#endif
#ifdef NO_INTRUDERS
#define IS_INTRUDER false
#else
#define IS_INTRUDER (stands && (otherStamp == PROVISIONAL(o) || older == f) && mine >= QUORUM_OF(f))
#endif
/* Of two sets without a standing stamp the one that is on record where both are seen goes on, whatever their names. */
#ifdef NAMES_BEFORE_RECORDS
#define COMES_FIRST (f == named)
#else
#define COMES_FIRST (V(f, 0).stamp == PROVISIONAL(f) || (f == named && !foreign))
#endif

/* What instance f makes of its answers. Only the common node can have, or show, the other set. */
inline look() {
  o = 1 - f; answered = 0; mine = 0; stands = 0; known = 0; allListened = 1; allAnswer = 1; anyEmpty = 0; foreign = 0; carrying = 1; stampsOut = 0; wereOut = 0; young = 0;
  otherStamp = EMPTY; m = 0;
  do
  :: m < NODES && IN(f, m) ->
     if :: V(f, m).life != 0 -> stampsOut = 1 :: else fi;
     if :: V(f, m).wasOut -> wereOut = 1 :: else fi;
     if :: V(f, m).stamp == STANDING(f) -> known = 1 :: else fi;
     if
     :: V(f, m).answers ->
        answered = answered + WEIGHT(f, m);
        if
        :: V(f, m).stamp == STANDING(f) -> stands = 1; mine = mine + WEIGHT(f, m); carrying = carrying & V(f, m).carries
        :: IS_OF(V(f, m).stamp, o) -> foreign = 1; otherStamp = V(f, m).stamp
        :: V(f, m).stamp == EMPTY -> anyEmpty = 1
        :: else
        fi;
        if :: V(f, m).stamp == PROVISIONAL(f) && V(f, m).carries -> young = 1 :: else fi;
        if :: !V(f, m).listened -> allListened = 0 :: else fi
     :: else -> allAnswer = 0
     fi;
     m++
  :: m < NODES && !IN(f, m) -> m++
  :: else -> break
  od;
  m = 0;
  outranked = 0;
  if
  :: rival[f] == STANDS -> outranked = (!known || older == o -> 1 : 0)
  :: rival[f] == PRESENT -> outranked = (!known && !COMES_FIRST -> 1 : 0)
  :: else
  fi;
  undecided = 0;
  if
  :: BLOCKS(rival[f]) && !stands -> undecided = 1
  :: rival[f] == STANDS && stands -> undecided = 1
  :: else
  fi;
  /* Whether what is on record may be taken over. */
  over = 0;
  if
  :: foreign && !(rival[f] == PRESENT || rival[f] == STANDS) -> over = (IS_MAJORITY_OF_RECORDED(f) || IS_INTRUDER -> 1 : 0)
  :: else
  fi;
  /* plan: 1 take over, 2 provisional stamps, 3 the first that stand, 4 empty nodes, 5 both 1 and 4 */
  plan = 0; condition = WAITS;
  if
  :: age[f] == OLD -> skip
  :: age[f] < OLD && outranked -> condition = (KNOWS_ENOUGH -> GIVES_WAY : WAITS)
  :: age[f] < OLD && !outranked && MUST_SHOW -> skip /* it beats again first */
  :: age[f] < OLD && !outranked && !MUST_SHOW && answered < QUORUM_OF(f) -> condition = (known -> BIDS : WAITS)
  :: age[f] < OLD && !outranked && !MUST_SHOW && answered >= QUORUM_OF(f) ->
     if
     :: undecided -> skip
     :: !undecided && stands ->
        if
        :: over && V(f, 0).listened && otherStamp == STANDING(o) && older == o -> plan = 1 /* begun, and not at its end */
        :: over && V(f, 0).listened && !(otherStamp == STANDING(o) && older == o) -> plan = 5; condition = BIDS
        :: else -> plan = 4; condition = BIDS
        fi
     :: !undecided && !stands && foreign && !over && !(rival[f] == PRESENT || rival[f] == STANDS) -> condition = CONFLICT
     :: !undecided && !stands && !(foreign && !over) && ALL_LISTENED && ALL_ANSWER ->
        if
        :: foreign -> plan = 1
        :: !foreign && anyEmpty -> plan = 2
        :: else -> plan = 3
        fi
     :: else
     fi
  fi
}

#ifdef ONE_ROUND_OF_STAMPS
#define FIRST_STAMP STANDING(f)
#else
#define FIRST_STAMP PROVISIONAL(f)
#endif

/* At a first start: a node is young, and what was granted before it forgot is below its floor. So it is below all floors then. */
#ifdef FIRST_START_WITHOUT_FLOOR
#define YOUNG 0
#else
#define YOUNG young
#endif

inline send(stampOnRecord, stampSent, raises) {
  if
  :: V(f, m).answers && V(f, m).stamp == stampOnRecord && V(f, m).life == 0 ->
     V(f, m).sent = stampSent; V(f, m).expected = stampOnRecord; V(f, m).life = OLD - age[f]; V(f, m).toOther = V(f, m).isOther;
     V(f, m).floors = raises; V(f, m).carried = (stands && raises -> carrying : (plan == 3 -> YOUNG : 0));
     V(f, m).isLimit = (m == 0 && missed[1 - f] == 2 && IS_SILENT(f) && V(f, m).listened -> 1 : 0)
  :: else
  fi
}

/* Follows an answer. What is sent now may arrive until its deadline. */
inline decide() {
  look();
  m = 0;
  do
  :: m < NODES && IN(f, m) ->
     if
     :: (plan == 1 || plan == 5) && m == 0 -> firm = (stands -> STANDING(f) : TAKING); send(otherStamp, firm, 1)
     :: else
     fi;
     if
     :: plan == 2 -> firm = FIRST_STAMP; send(EMPTY, firm, 0)
     :: plan == 3 -> own = PROVISIONAL(f); firm = STANDING(f); send(own, firm, YOUNG)
     :: plan == 4 || plan == 5 -> own = PROVISIONAL(f); firm = STANDING(f); send(EMPTY, firm, 1); send(own, firm, 1)
     :: else
     fi;
     m++
  :: m < NODES && !IN(f, m) -> m++
  :: else -> break
  od;
  m = 0
}

/* Set f beats. At the common node it is `first` that the beat arrives and `second` that its answer does; at its own nodes `goes`. */
inline beat() {
  look();
  reached = (condition == GIVES_WAY && NONE_OUT -> 1 : 0); /* it shows that it yields */
  if
  :: first ->
     sign[f] = (reached -> (known -> STANDS_AND_YIELDS : YIELDS) : (known -> STANDS : PRESENT)); heard[f] = 2;
     if :: reached -> SOMETIMES(YIELDED) :: else fi;
     printf("set %d shows %d at the common node, where stamp %d stands and the other shows %d; listened %d\n", f, sign[f], node[0].stamp, sign[1 - f], node[0].listened)
  :: else
  fi;
  if
  :: (first && second) || goes ->
     gaveWay[f] = reached;
     age[f] = 0; rival[f] = SILENT; m = 0;
     do
     :: m < NODES && IN(f, m) ->
        V(f, m).wasOut = (V(f, m).life > 0 -> 1 : 0);
        if
        :: (m == 0 && first && second) || (m != 0 && goes) ->
           V(f, m).answers = 1; V(f, m).stamp = node[m].stamp; V(f, m).carries = (node[m].stamp == STANDING(f) -> node[m].carries : node[m].covers); V(f, m).isOther = 0;
           V(f, m).listened = (m != 0 || node[m].listened == 2 -> 1 : 0);
           if :: m == 0 -> rival[f] = SHOWN(sign[1 - f]) :: else fi;
#ifdef BEATS_SHOW_NO_SETS
           if :: m == 0 -> wasHeard[f] = (heard[1 - f] > 0 -> 1 : 0) :: else fi;
#endif
           skip
        :: else ->
           /* A node that is silent for a moment still counts as one on which the set stands. */
           if
           :: V(f, m).answers && V(f, m).stamp == STANDING(f) -> skip
           :: else -> V(f, m).stamp = EMPTY; V(f, m).carries = 0
           fi;
           V(f, m).answers = 0; V(f, m).listened = 0; V(f, m).isOther = 0
        fi;
        m++
     :: m < NODES && !IN(f, m) -> m++
     :: else -> break
     od;
     decide()
  :: else
  fi
}

inline dropView(set) {
  rival[set] = SILENT; m = 0;
  do
  :: m < NODES -> V(set, m).stamp = EMPTY; V(set, m).carries = 0; V(set, m).answers = 0; V(set, m).listened = 0; V(set, m).isOther = 0; V(set, m).wasOut = 0; m++
  :: else -> break
  od;
  m = 0
}

#ifdef NO_STAMP_DEADLINE
#define HAS_DEADLINE (V(o, n).sent == PUT_UNKNOWN)
#else
#define HAS_DEADLINE true
#endif

/* Half a time to live goes by at node n; with the common node it does for the instances. */
inline tick() {
  if :: n == 0 && node[n].listened < 2 -> node[n].listened++ :: else fi;
  o = 0;
  do
  :: o < 2 ->
     if
     :: n == 0 ->
        if :: heard[o] > 0 -> heard[o]--; if :: heard[o] == 0 -> sign[o] = SILENT :: else fi :: else fi;
        if :: age[o] < OLD -> age[o]++; if :: age[o] == OLD -> dropView(o) :: else fi :: else fi
     :: else
     fi;
     if
     :: V(o, n).life > 1 || (V(o, n).life == 1 && HAS_DEADLINE) ->
        V(o, n).life--;
        if :: V(o, n).life == 0 -> if :: V(o, n).sent != PUT_UNKNOWN -> SOMETIMES(STAMP_TOO_LATE) :: else fi; dropSent(o, n) :: else fi
     :: V(o, n).life == 1 && !HAS_DEADLINE && V(o, n).sent == TAKING -> /* what is granted from now on is later than it says */
        V(o, n).carried = commonVote; V(o, n).sent = STANDING(o)
     :: else
     fi;
     o++
  :: else -> break
  od;
  o = 0
}

#ifdef STAMPS_ARE_NOT_LOOKED_AT
#define LETS_VOTE(n, f) true
#else
#define LETS_VOTE(n, f) (node[n].stamp == STANDING(f))
#endif

/* Votes of nodes that one set has alone. */
inline takeVotes() {
#if WORLD == 1
  if :: LETS_VOTE(1, 1) && !node[1].covers -> ownVote[1] = 1 :: else fi
#else
  if :: LETS_VOTE(1, 0) && !node[1].covers -> ownVote[0] = 1 :: else fi;
  if :: LETS_VOTE(2, 1) && !node[2].covers -> ownVote[1] = 1 :: else fi
#endif
}

#ifdef STAMPS_NAME_NO_MEMORY
#define IS_SAME_MEMORY true
#else
#define IS_SAME_MEMORY !V(f, n).toOther
#endif
#ifdef STAMPS_WITHOUT_TIME
#define COVERED_BY_TIME false
#else
#define COVERED_BY_TIME carrying
#endif
#ifdef TAKES_OVER_WITHOUT_FLOOR
#define COVERED_BY_CLOCK false
#else
#define COVERED_BY_CLOCK (n == 0 -> commonVote : ownVote[f])
#endif

/* The stamp reaches the node. `replies`: its answer comes back. */
inline putStamp() {
  if
  :: V(f, n).expected == node[n].stamp && IS_SAME_MEMORY ->
     if :: V(f, n).toOther -> SOMETIMES(OTHER_MEMORY) :: else fi;
     if :: V(f, n).isLimit -> limit = 1; printf("the stated limit is reached\n") :: else fi;
     if :: node[n].stamp == EMPTY && V(f, n).floors -> SOMETIMES(STAMPED_EMPTY) :: else fi;
     carrying = (V(f, n).sent == TAKING -> commonVote : V(f, n).carried);
     if
     :: IS_OF(node[n].stamp, 1 - f) ->
        tookOver = 1; SOMETIMES(TAKEN_OVER);
        if :: V(f, n).sent != TAKING -> SOMETIMES(INTRUDER) :: else fi
     :: else
     fi;
     if :: V(f, n).floors && (COVERED_BY_CLOCK || COVERED_BY_TIME) -> node[n].covers = 1 :: else fi;
     node[n].stamp = (V(f, n).sent == TAKING -> STANDING(f) : V(f, n).sent); node[n].carries = carrying;
     if :: n == 0 -> missed[f] = 1 :: else fi;
     printf("node %d is stamped by set %d: %d (covers %d)\n", n, f, node[n].stamp, node[n].covers);
     takeVotes();
     if
     :: replies -> dropSent(f, n); V(f, n).wasOut = 0; V(f, n).stamp = node[n].stamp; V(f, n).carries = (node[n].stamp == STANDING(f) -> node[n].carries : node[n].covers); decide()
     :: else ->
        V(f, n).sent = PUT_UNKNOWN; V(f, n).expected = EMPTY; V(f, n).toOther = 0; V(f, n).carried = 0; V(f, n).floors = 0; V(f, n).isLimit = 0
     fi
  :: else -> dropSent(f, n); V(f, n).wasOut = 0
  fi
}

inline forgets1() {
  forgets--;
  if
  :: n == 0 ->
     o = 0;
     do
     :: o < 2 ->
        if :: missed[o] != 0 -> missed[o] = 2 :: else fi;
        heard[o] = 0; sign[o] = SILENT;
        o++
     :: else -> break
     od;
     node[0].listened = 0;
     if :: commonVote -> node[0].covers = 1 :: else fi
  :: else ->
     if :: ownVote[(NODES == 2 -> 1 : n - 1)] -> node[n].covers = 1 :: else fi
  fi;
  o = 0;
  do
  :: o < 2 ->
     if :: IN(o, n) && V(o, n).answers -> V(o, n).isOther = 1 :: else fi;
     if
     :: V(o, n).life > 0 && V(o, n).sent != PUT_UNKNOWN ->
#ifdef STAMPS_NAME_NO_MEMORY
        V(o, n).toOther = 1
#else
        dropSent(o, n)
#endif
     :: else
     fi;
     o++
  :: else -> break
  od;
  node[n].stamp = EMPTY; node[n].carries = 0;
  printf("node %d forgets\n", n)
}

/* Nothing more to see. */
bit isDone;
inline conclude() {
#ifndef LIVENESS
  if :: HAS_WON(0) && HAS_WON(1) && tookOver -> SOMETIMES(WINS_AFTER_TAKE_OVER) :: else fi;
  if :: HAS_WON(0) && HAS_WON(1) && limit -> SOMETIMES(LIMIT_DOUBLES) :: else fi;
  assert(!HAS_WON(0) || !HAS_WON(1) || limit);
#if REACH != LIMIT_DOUBLES
  if :: limit -> isDone = 1 :: else fi;
#endif
#if WORLD == 1
  if :: (node[0].covers && !commonVote) || (node[1].covers && !ownVote[1]) -> isDone = 1 :: else fi;
#else
  if :: (node[1].covers && !ownVote[0]) || (node[2].covers && !ownVote[1]) -> isDone = 1 :: else fi;
#endif
#endif
  forgetLocals()
}

inline begin() {
  age[0] = OLD; age[1] = OLD
}

#ifdef LIVENESS
/* Everybody answers from now on, but for a set that is gone (2: none is). `n` says who comes first. */
inline heal() {
  round = 0;
  do
  :: round < 10 ->
     f = first0;
     turns = 0;
     do
     :: turns < 2 ->
        if
        :: f != gone ->
           first = 1; second = 1; goes = 1;
           beat();
           puts = 0;
           do
           :: puts < 4 ->
              n = 0;
              do
              :: n < NODES ->
                 if :: IN(f, n) && V(f, n).life > 0 && V(f, n).sent != PUT_UNKNOWN -> replies = 1; putStamp() :: else fi;
                 n++
              :: else -> break
              od;
              puts++
           :: else -> break
           od
        :: else
        fi;
        f = 1 - f;
        turns++
     :: else -> break
     od;
     n = 0;
     do :: n < NODES -> tick(); n++ :: else -> break od;
     round++
  :: else -> break
  od;
  goal = 0; f = 0;
  do
  :: f < 2 ->
     if
     :: f != gone ->
        first = 1; second = 1; goes = 1;
        beat(); look();
        if :: condition == BIDS && mine >= QUORUM_OF(f) -> goal = 1 :: else fi;
        /* Only the option ends this: the other set is gone, and the nodes here are no majority of its own. */
        if :: condition == CONFLICT && gone == 1 - f && COMMON < QUORUM_OF(gone) -> goal = 1 :: else fi
     :: else
     fi;
     f++
  :: else -> break
  od;
  assert(goal) /* else no set ever bids again */
}
byte gone, first0, puts, turns;
bit goal;
#endif

inline pick(variable, limit) {
  variable = 0;
  do :: variable < (limit) - 1 -> variable++ :: break od
}

active proctype World() {
  atomic {
    if :: older = 0 :: older = 1 fi;
#if WORLD == 1
    if :: named = 0 :: named = 1 fi;
#endif /* else the sets are alike */
    skip;
    d_step { begin(); forgetLocals() }
  }
  do
  :: isDone -> break
  :: atomic {
       !isDone -> pick(f, 2);
       if :: first = 1; if :: second = 1 :: skip fi :: first = 0 fi;
       if :: NODES > 2 || f == 1 -> pick(goes, 2) :: else fi;
       skip;
       d_step { if :: first || goes -> beat() :: else fi; conclude() }
     }
  :: atomic {
       !isDone -> pick(f, 2); pick(n, NODES);
       if
       :: V(f, n).life > 0 && V(f, n).sent != PUT_UNKNOWN -> pick(replies, 2); skip; d_step { putStamp(); conclude() }
       :: else -> d_step { forgetLocals() }
       fi
     }
#ifdef OWN_CLOCKS
  :: atomic { !isDone -> pick(n, NODES); skip; d_step { tick(); conclude() } }
#else
  :: d_step { !isDone -> n = 0; do :: n < NODES -> tick(); n++ :: else -> break od; conclude() }
#endif
  :: atomic { !isDone && forgets > 0 -> pick(n, NODES); skip; d_step { forgets1(); conclude() } }
#if WORLD == 1
  :: d_step { /* a claim of A */
       !isDone && !commonVote && LETS_VOTE(0, 0) && !node[0].covers ->
       commonVote = 1; printf("the common node votes for set 0\n"); conclude()
     }
#endif
#ifdef LIVENESS
  :: atomic { !isDone -> pick(gone, 3); pick(first0, 2); isDone = 1; skip; d_step { heal(); forgetLocals() }; break }
#endif
  od
}
