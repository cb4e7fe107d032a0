export { kickUser } from './kick-user.ts';
