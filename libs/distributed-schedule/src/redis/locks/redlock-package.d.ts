// Its exports map hides its types, and bundlers would follow a path mapping to them. redlock-engine.ts types what is used.
declare module 'redlock';
