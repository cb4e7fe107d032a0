export { denyRequest } from './deny-request.ts';
export { listRequests } from './list-requests.ts';
export { answerPending } from './permission-requests.store.ts';
export { requestPermission } from './request-permission.ts';
export { withdrawRequest } from './withdraw-request.ts';
