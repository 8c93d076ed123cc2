import { memoryStage } from './memory-stage.js';
import { describeNodeEpochs } from './node-epochs.suite.js';
import { describeNodeIdentity } from './node-identity.suite.js';
import { describeNodeNotes } from './node-notes.suite.js';
import { describeNodeSets } from './node-sets.suite.js';
import { describeStandbySets } from './standby-sets.suite.js';
import { describeVotingNode } from './voting-node.suite.js';

describeVotingNode('in memory', memoryStage);
describeNodeIdentity('in memory', memoryStage);
describeNodeNotes('in memory', memoryStage);
describeNodeSets('in memory', memoryStage);
describeNodeEpochs('in memory', memoryStage);
describeStandbySets('in memory', memoryStage);
