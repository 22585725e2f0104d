import Anchorbrowser from 'taskwright/anchor';

(async () => {
  const anchorClient = new Anchorbrowser({
    apiKey: process.env.ANCHORBROWSER_API_KEY
  });

  // Start multiple async tasks in parallel
  const responses = await Promise.all([
    anchorClient.tools.performWebTask({
      prompt: 'Extract the main heading',
      url: 'https://docs.anchorbrowser.io',
      async: true
    }),
    anchorClient.tools.performWebTask({
      prompt: 'Get the first paragraph',
      url: 'https://example.com',
      async: true
    })
  ]);

  const workflowIds = responses.map(response => response.data.workflow_id);
  console.log('Started', workflowIds.length, 'tasks');

  // Poll all tasks
  const results = await Promise.all(
    workflowIds.map(async (wokflowId) => {
      let status = 'RUNNING';
      while (status === 'RUNNING') {
        await new Promise(resolve => setTimeout(resolve, 2000));
        const statusResponse = await anchorClient.tools.getPerformWebTaskStatus(wokflowId);
        status = statusResponse.data.status;

        if (status === 'COMPLETED') {
          return statusResponse.data.result;
        } else if (status === 'FAILED') {
          throw new Error(statusResponse.data.error);
        }
      }
    })
  );

  console.log('All tasks completed:', results);
})();
