export { kickService } from './kick-service.ts';
export { kickUser } from './kick-user.ts';
