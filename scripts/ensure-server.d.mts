export declare function programFolders(): string[];
export declare function isExecutable(path: string): boolean;
