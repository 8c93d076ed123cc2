/*
 * Two sets of nodes that overlap, for SPIN: stamps, beats that show sets, yielding, suspended instances and take-over.
 * `npm run model` checks it (run-model.ts).
 *
 * What is claimed: of a claim of set A and a claim of set B on one tick at most one wins, but for the stated limit: a
 * common node had forgotten the stamp of one set, and that set was not heard there for a time to live when the other
 * stamped it. And (-DLIVENESS): from every state, when all nodes and instances answer again, or one set is gone for good,
 * some set bids with stamps on a majority of its nodes; -DOPTION_ONLY exempts what only the option `takeOver` may end.
 *
 * The argument. A node grants claims only of the set that its stamp names. A set without a stamp stamps only when all its nodes,
 * so every common one, have listened for a time to live and neither record nor show the other set. So where a common
 * node remembers, or hears the other set, there is no second set that bids. A stamp takes effect within half a time to live of the
 * beat on which it was decided, so none that slept decides on what was true before. Taking over takes the majority from the
 * recorded set: its claims that won before are below the floors that are raised to the times of the nodes taken over.
 *
 * How the real thing became finite:
 *
 *   instances   One per set, that may do anything late or never: it sleeps, and what it does not reach it does not ask. A set
 *               with more instances is heard more often. A claim that was once allowed may arrive at any later time.
 *   time        Nodes count half times to live, together; with -DOWN_CLOCKS each for itself, whatever the others' clocks do.
 *   order       Which of two standing stamps is older is chosen at the start; among sets without one A comes first.
 *   floors      One bit, as in identity.pml: covers the tick. Raised by a node's own clock it covers what that node granted.
 *   left out    Ids and notes. Votes are not given back.
 */
/* The nodes that only one set has are alike and nobody else sees them: they are one node here, that counts so often. */
#ifndef NODES
#define NODES 2
#define SET_A 1
#define SET_B 3
#define WEIGHT(n) ((n) == 0 -> 1 : 2)
#define SIZE_A 1
#define SIZE_B 3
#define COMMON 1 /* counted with weights */
#elif NODES == 3
#define SET_A 3
#define SET_B 6
#define WEIGHT(n) ((n) == 1 -> COMMON : 3 - COMMON)
#define SIZE_A 3
#define SIZE_B 3
#ifndef COMMON
#define COMMON 1
#endif
#endif
#ifndef FORGETS
#define FORGETS 1
#endif
#define IN(f, n) (((f) == 0 && (SET_A >> (n)) & 1) || ((f) == 1 && (SET_B >> (n)) & 1))
#define SIZE_OF(f) ((f) == 0 -> SIZE_A : SIZE_B)
#define QUORUM_OF(f) (SIZE_OF(f) / 2 + 1)
#define IS_COMMON(n) (((SET_A & SET_B) >> (n)) & 1)

#define NO_STAMP 2
/* What a beat shows. */
#define SILENT 0
#define PRESENT 1         /* without a standing stamp */
#define STANDS 2
#define YIELDS 3
#define STANDS_AND_YIELDS 4
#define OLD 2             /* age of a view: half times to live */

#define LIMIT_DOUBLES 1
#define TAKEN_OVER 2
#define STAMPED_EMPTY 3
#define YIELDED 4
#define STAMP_TOO_LATE 5
#define BID_AFTER_TAKE_OVER 6
#ifndef REACH
#define REACH 0
#endif
#define SOMETIMES(place) assert(REACH != place)

typedef Node {
  unsigned stamp : 2;
  bit stands;             /* every node of the set has had it: it is no mere wish */
  unsigned listened : 2;
  unsigned entry : 2;     /* 0 none, 1 A, 2 B */
  bit covers;
  unsigned had : 2        /* the stamp that it has forgotten */
}
typedef View {            /* what one instance knows of one node */
  unsigned sign : 3;      /* at the node: what the last beat showed */
  unsigned life : 2;      /* and for how long it is still heard */
  unsigned age : 2;       /* of the rest, which is what the node answered */
  unsigned stamp : 2;
  bit stands;
  bit listened;
  unsigned other : 3;     /* the sign of the other set */
  bit covers;             /* its time is not before the tick, or that of a vote for it */
  unsigned stamping : 2;  /* a stamp is under way: 1 + age of the view on which it was decided */
  unsigned expected : 2;
  bit firm;
  bit limited;            /* for the proof: decided where the other set was forgotten and not heard for a time to live */
  bit carries;            /* the times of the nodes that the set stands on */
  bit granted             /* for the proof: the claim of the set ever had the node's vote */
}
Node node[NODES];
View view[2 * NODES];     /* by set, then node */
bit bids[2], won[2], gone[2];
bit older;                /* which standing stamp is the older one */
bit limit, tookOver;
byte forgets = FORGETS;

byte f, o, n, m, have, mine, theirs, unstamped, answered, heard, round;
bit stands, inFlight, yielding, rivalLives, rivalStands, loses, allListened, isRecorded, floorTime, canBid;

#define V(f, n) view[(f) * NODES + (n)]
#ifdef NO_STAMP_DEADLINE
#define IN_TIME true
#else
#define IN_TIME (V(f, n).stamping <= OLD)
#endif

inline forgetLocals() {
  f = 0; o = 0; n = 0; m = 0; have = 0; mine = 0; theirs = 0; unstamped = 0; answered = 0; heard = 0; round = 0; stands = 0; rivalLives = 0;
  rivalStands = 0; yielding = 0; inFlight = 0; loses = 0; allListened = 0; isRecorded = 0; floorTime = 0; canBid = 0
}

/* What instance f makes of its views. */
inline look() {
  o = 1 - f; mine = 0; theirs = 0; unstamped = 0; answered = 0; stands = 0; rivalLives = 0; rivalStands = 0; yielding = 0; inFlight = 0; allListened = 1;
  isRecorded = 0; floorTime = 0; m = 0;
  do
  :: m < NODES ->
     /* Who has stamps under way does not say yet that it yields. */
     if :: IN(f, m) && V(f, m).stamping != 0 -> inFlight = 1 :: else fi;
     if
     :: IN(f, m) && V(f, m).age < OLD ->
        answered = answered + WEIGHT(m);
        if
        :: V(f, m).stamp == f -> mine = mine + WEIGHT(m); stands = stands | V(f, m).stands; floorTime = floorTime | V(f, m).covers
        :: V(f, m).stamp == o -> theirs = theirs + WEIGHT(m); isRecorded = 1
        :: else -> unstamped = unstamped + WEIGHT(m)
        fi;
        if :: !V(f, m).listened -> allListened = 0 :: else fi;
        if
        :: V(f, m).other == PRESENT -> rivalLives = 1
        :: V(f, m).other == STANDS -> rivalLives = 1; rivalStands = 1
        :: V(f, m).other == STANDS_AND_YIELDS -> yielding = 1
        :: else
        fi
     :: else
     fi;
     m++
  :: else -> break
  od;
  m = 0;
  /* Who does not know a majority of its own nodes does not know what stands. */
  loses = (rivalLives && answered >= QUORUM_OF(f) && ((rivalStands && (!stands || older == o)) || (!rivalStands && !stands && f == 1)) -> 1 : 0);
  /* A set bids while its stamp stands, it does not lose, and no common node records the other. */
#ifdef BIDS_BESIDE_A_RECORD
  canBid = stands && !loses && answered >= QUORUM_OF(f)
#else
  canBid = stands && !loses && !isRecorded && answered >= QUORUM_OF(f)
#endif
}

inline beat() {
  if
  :: IN(f, n) && !gone[f] ->
     look();
     if
     :: !IS_COMMON(n) -> skip /* nobody else asks there */
     :: IS_COMMON(n) && loses && !inFlight -> V(f, n).sign = (stands -> STANDS_AND_YIELDS : YIELDS); V(f, n).life = 2; SOMETIMES(YIELDED)
     :: IS_COMMON(n) && !loses && stands -> V(f, n).sign = STANDS; V(f, n).life = 2
     :: else -> V(f, n).sign = PRESENT; V(f, n).life = 2
     fi;
     printf("set %d beats at node %d and shows %d, finds stamp %d, other shows %d, listened %d\n", f, n, V(f, n).sign, node[n].stamp, V(1 - f, n).sign, node[n].listened);
     V(f, n).age = 0;
     V(f, n).stamp = node[n].stamp; V(f, n).stands = node[n].stands;
     V(f, n).listened = (node[n].listened == 2 -> 1 : 0);
     V(f, n).other = (V(1 - f, n).life > 0 && IN(1 - f, n) -> V(1 - f, n).sign : SILENT);
     V(f, n).covers = (node[n].covers || node[n].entry != 0 -> 1 : 0)
  :: else
  fi
}

/* Half a time to live goes by at node n. */
inline tick() {
  if :: node[n].listened < 2 -> node[n].listened++ :: else fi;
  f = 0;
  do
  :: f < 2 ->
     if :: V(f, n).life > 0 -> V(f, n).life--; if :: V(f, n).life == 0 -> V(f, n).sign = SILENT :: else fi :: else fi;
     if
     :: V(f, n).age < OLD ->
        V(f, n).age++;
        if :: V(f, n).age == OLD -> V(f, n).stamp = NO_STAMP; V(f, n).stands = 0; V(f, n).listened = 0; V(f, n).other = SILENT; V(f, n).covers = 0 :: else fi
     :: else
     fi;
     if
     :: V(f, n).stamping == 1 -> V(f, n).stamping = 2
     :: V(f, n).stamping == 2 ->
#ifndef NO_STAMP_DEADLINE
        V(f, n).stamping = 0; V(f, n).expected = 0; V(f, n).firm = 0; V(f, n).limited = 0; V(f, n).carries = 0;
        SOMETIMES(STAMP_TOO_LATE)
#else
        skip
#endif
     :: else
     fi;
     f++
  :: else -> break
  od
}

/* Stamps are sent to the nodes of which `which` is on record. */
inline send(which, firmness) {
  m = 0;
  do
  :: m < NODES ->
     if
     :: IN(f, m) && V(f, m).age < OLD && V(f, m).stamp == which && !(which == f && V(f, m).stands) && V(f, m).stamping == 0 ->
        V(f, m).stamping = 1 + V(f, m).age; V(f, m).expected = which; V(f, m).carries = floorTime; V(f, m).firm = firmness;
        V(f, m).limited = (node[m].had == 1 - f && V(f, m).listened && V(f, m).other == SILENT -> 1 : 0)
     :: else
     fi;
     m++
  :: else -> break
  od;
  m = 0
}

#ifdef STAMPS_BY_MAJORITY
#define ASKED_ENOUGH (answered >= QUORUM_OF(f))
#else
#define ASKED_ENOUGH (answered == SIZE_OF(f))
#endif
#ifdef NO_LISTENING
#define HEARD_ENOUGH true
#else
#define HEARD_ENOUGH allListened
#endif
#ifdef BEATS_SHOW_NO_SETS
#define NOBODY_ELSE true
#define NO_OLDER true
#elif defined(WHO_YIELDS_IS_GONE)
#define NOBODY_ELSE !rivalLives
#define NO_OLDER !loses
#else
/* Who yields has claims under way, and may go on. */
#define NOBODY_ELSE (!rivalLives && !yielding)
#define NO_OLDER !loses
#endif

#ifdef TAKES_OVER_A_MINORITY
#define TAKES_OVER true
#else
#define TAKES_OVER (COMMON >= QUORUM_OF(1 - f))
#endif

#ifdef ONE_ROUND_OF_STAMPS
#define IN_ONE_ROUND 1
#else
#define IN_ONE_ROUND 0
#endif

inline decide() {
  if
  :: !gone[f] ->
     look();
     if
     :: !stands && ASKED_ENOUGH && HEARD_ENOUGH && NOBODY_ELSE && theirs == 0 && unstamped > 0 -> send(NO_STAMP, IN_ONE_ROUND)
     :: !stands && mine == SIZE_OF(f) && NOBODY_ELSE -> send(f, 1)
     :: stands && answered >= QUORUM_OF(f) && NO_OLDER && theirs == 0 && unstamped > 0 -> send(NO_STAMP, 1)
     :: stands && theirs == 0 && unstamped == 0 && mine > 0 -> send(f, 1)
     :: theirs > 0 && ASKED_ENOUGH && HEARD_ENOUGH && NOBODY_ELSE && TAKES_OVER -> send(1 - f, 0)
     :: else
     fi
  :: else
  fi
}
/* The stamp reaches the node. */
inline putStamp() {
  if
  :: V(f, n).stamping != 0 ->
     if
     :: IN_TIME && node[n].stamp == V(f, n).expected && !(node[n].stamp == f && node[n].stands) ->
        if
        :: node[n].stamp == NO_STAMP ->
           if :: V(f, n).limited -> limit = 1 :: else fi;
           look();
           if :: stands -> SOMETIMES(STAMPED_EMPTY) :: else fi;
#ifndef STAMPS_WITHOUT_TIME
           if :: V(f, n).carries -> node[n].covers = 1 :: else fi;
#endif
           skip
        :: node[n].stamp == f ->
#ifndef STAMPS_WITHOUT_TIME
           if :: V(f, n).carries -> node[n].covers = 1 :: else fi;
#endif
           skip
        :: else ->
           tookOver = 1;
           SOMETIMES(TAKEN_OVER);
#ifndef TAKES_OVER_WITHOUT_FLOOR
           if :: node[n].entry != 0 -> node[n].covers = 1 :: else fi;
#endif
           skip
        fi;
        node[n].stamp = f; node[n].stands = V(f, n).firm;
        printf("node %d is stamped by %d (limit %d)\n", n, f, limit);
        /* The answer says the node's time. */
        V(f, n).stamp = f; V(f, n).stands = node[n].stands; V(f, n).age = 0; V(f, n).covers = (node[n].covers || node[n].entry != 0 -> 1 : 0)
     :: else
     fi;
     V(f, n).stamping = 0; V(f, n).expected = 0; V(f, n).firm = 0; V(f, n).limited = 0; V(f, n).carries = 0
  :: else
  fi
}

#ifdef MUST_MEET
#define GRANTS node[n].stands
#elif defined(STAMPS_ARE_NOT_LOOKED_AT)
#define GRANTS true
#else
#define GRANTS (node[n].stamp == f && node[n].stands)
#endif

inline claim() {
  if
  :: bids[f] && !won[f] && IN(f, n) && node[n].entry == 0 && !node[n].covers && GRANTS ->
     node[n].entry = f + 1; V(f, n).granted = 1;
     printf("node %d votes for set %d\n", n, f);
     have = 0; m = 0;
     do :: m < NODES -> if :: V(f, m).granted -> have = have + WEIGHT(m) :: else fi; m++ :: else -> break od;
     if
     :: have >= QUORUM_OF(f) ->
        won[f] = 1;
        printf("set %d wins\n", f);
        if :: tookOver -> SOMETIMES(BID_AFTER_TAKE_OVER) :: else fi;
        if :: won[0] && won[1] && limit -> SOMETIMES(LIMIT_DOUBLES) :: else fi;
        assert(!won[0] || !won[1] || limit)
     :: else
     fi
  :: else
  fi
}

inline begin() {
  n = 0;
  do
  :: n < NODES ->
     node[n].stamp = NO_STAMP; node[n].had = NO_STAMP;
     if :: IS_COMMON(n) -> skip :: else -> node[n].listened = 2 fi; /* as if they had: that rule is about common nodes */
     V(0, n).age = OLD; V(1, n).age = OLD; V(0, n).stamp = NO_STAMP; V(1, n).stamp = NO_STAMP;
     n++
  :: else -> break
  od
}

inline pick(variable, limit) {
  variable = 0;
  do :: variable < (limit) - 1 -> variable++ :: break od
}

#ifdef LIVENESS
/* Everybody answers from now on, but for a set that is gone. In a few times to live somebody bids. */
inline heal() {
  round = 0;
  do
  :: round < 8 ->
     f = 0;
     do
     :: f < 2 ->
        n = 0;
        do :: n < NODES -> beat(); n++ :: else -> break od;
        f++
     :: else -> break
     od;
     f = 0;
     do
     :: f < 2 ->
        decide();
        n = 0;
        do :: n < NODES -> putStamp(); n++ :: else -> break od;
        f++
     :: else -> break
     od;
     n = 0;
     do :: n < NODES -> tick(); n++ :: else -> break od;
     round++
  :: else -> break
  od;
  have = 0; f = 0;
  do
  :: f < 2 ->
     if
     :: !gone[f] ->
        n = 0;
        do :: n < NODES -> beat(); n++ :: else -> break od;
        look();
        if
        :: canBid && mine >= QUORUM_OF(f) -> have = 1
#ifdef OPTION_ONLY
        :: theirs > 0 && gone[1 - f] && COMMON < QUORUM_OF(1 - f) -> have = 1
#endif
        :: else
        fi
     :: else
     fi;
     f++
  :: else -> break
  od;
  assert(have) /* else no set ever bids again */
}
#endif

active proctype World() {
  atomic {
    if :: older = 0 :: older = 1 fi;
    d_step { begin(); forgetLocals() }
  }
  do
  :: won[0] && won[1] -> break
  :: atomic { pick(f, 2); pick(n, NODES); skip; d_step { beat(); forgetLocals() } }
  :: atomic { pick(f, 2); skip; d_step { decide(); forgetLocals() } }
  :: atomic { pick(f, 2); pick(n, NODES); skip; d_step { putStamp(); forgetLocals() } }
  :: atomic { pick(f, 2); pick(n, NODES); skip; d_step { V(f, n).stamping = 0; V(f, n).expected = 0; V(f, n).firm = 0; V(f, n).limited = 0; V(f, n).carries = 0; forgetLocals() } }
#ifdef OWN_CLOCKS
  :: atomic { pick(n, NODES); skip; d_step { tick(); forgetLocals() } }
#else
  :: d_step { n = 0; do :: n < NODES -> tick(); n++ :: else -> break od; forgetLocals() }
#endif
  :: atomic {
       forgets > 0 -> pick(n, NODES); skip;
       d_step {
         forgets--;
         node[n].had = node[n].stamp; node[n].stamp = NO_STAMP; node[n].stands = 0; node[n].listened = (IS_COMMON(n) -> 0 : 2);
         if :: node[n].entry != 0 -> node[n].covers = 1; node[n].entry = 0 :: else fi;
         V(0, n).life = 0; V(1, n).life = 0; V(0, n).sign = SILENT; V(1, n).sign = SILENT;
         printf("node %d forgets\n", n);
         forgetLocals()
       }
     }
#ifndef LIVENESS
  :: atomic { pick(f, 2); skip; d_step { look(); if :: canBid -> bids[f] = 1 :: else fi; forgetLocals() } }
  :: atomic { pick(f, 2); pick(n, NODES); skip; d_step { claim(); forgetLocals() } }
#else
  :: atomic {
       if :: gone[0] = 1 :: gone[1] = 1 :: skip fi;
       d_step { heal(); forgetLocals() };
       break
     }
#endif
  od
}
