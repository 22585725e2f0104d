import Anchorbrowser from 'taskwright/anchor';

const anchorClient = new Anchorbrowser({
apiKey: process.env.ANCHORBROWSER_API_KEY
});

// Start async task
const response = await anchorClient.tools.performWebTask({
prompt: 'Extract the main heading and first paragraph from the page',
url: 'https://docs.anchorbrowser.io',
async: true
});

console.log('Workflow ID:', response.data.workflow_id);
console.log('Status:', response.data.status);
