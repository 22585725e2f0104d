import type Anchorbrowser from 'taskwright/anchor';
declare const anchorClient: Anchorbrowser;
declare const workflowId: string;

const statusResponse = await anchorClient.tools.getPerformWebTaskStatus(workflowId);

// Status can be: 'RUNNING', 'COMPLETED', or 'FAILED'
if (statusResponse.data.status === 'RUNNING') {
    console.log('Still running...');
} else if (statusResponse.data.status === 'COMPLETED') {
    console.log('Result:', statusResponse.data.result);
} else if (statusResponse.data.status === 'FAILED') {
    console.error('Error:', statusResponse.data.error);
}
