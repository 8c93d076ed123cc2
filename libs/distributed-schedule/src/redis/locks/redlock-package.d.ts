// The package ships types but hides them from its exports map. A path mapping to them would be followed by bundlers
// and test runners as well, which then load no code. redlock-engine.ts types what is used.
declare module 'redlock';
